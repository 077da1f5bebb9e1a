import { useT } from "../store/context"
import { Icon } from "../ui/Icon"
import { IconButton } from "../ui/IconButton"
import { QuoteText } from "./Quote"
import { Aim } from "./conversation"

/** The message that the next words answer, or stand in the place of. */
export function AimBar({ aim, onClose }: { aim: Aim; onClose: () => void }) {
  const t = useT()
  const { kind, message } = aim
  return (
    <div className="aim">
      <Icon name={kind} size={18} />
      <div className="quote" aria-label={kind === "reply"
        ? t("composer.replying", { name: message.sender.nickname }) : t("composer.editing")} role="group">
        <QuoteText message={message} />
      </div>
      <IconButton icon="close" size={18} label={t("action.cancel")} onClick={onClose} />
    </div>
  )
}
