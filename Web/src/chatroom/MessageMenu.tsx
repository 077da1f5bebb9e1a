import { useState } from "react"
import { HeldMessage } from "../log/log"
import { useSelected, useT, useTeahouse } from "../store/context"
import { Confirm } from "../ui/Dialog"
import { IconName } from "../ui/Icon"
import { Menu } from "../ui/Menu"
import { MessageAction, messageActions } from "./actions"
import { useConversation } from "./conversation"

const icons: Record<MessageAction, IconName> = {
  reply: "reply", edit: "edit", copy: "copy", forward: "forward", favorite: "star", readers: "eye", report: "flag",
  recall: "recall",
}

/** Everything that may be done with one message. */
export function MessageMenu({ message, at, onClose }: {
  message: HeldMessage
  at: { x: number; y: number }
  onClose: () => void
}) {
  const t = useT()
  const teahouse = useTeahouse()
  const me = useSelected((state) => state.session?.user.id ?? 0)
  const { chatroom, setAim, show } = useConversation()
  const [recalling, setRecalling] = useState(false)
  const { chatroomId, seq } = message
  const work: Record<MessageAction, () => void> = {
    reply: () => setAim({ kind: "reply", message }),
    edit: () => setAim({ kind: "edit", message }),
    copy: () => void teahouse.attempt(async () => {
      await navigator.clipboard.writeText(message.content)
      teahouse.toast("info", t("message.copied"))
    }),
    forward: () => show({ kind: "forward", message }),
    favorite: () => void teahouse.attempt(() => teahouse.lists.addFavorite(message)),
    readers: () => show({ kind: "readers", message }),
    report: () => show({ kind: "report", message }),
    recall: () => setRecalling(true),
  }
  if (recalling) {
    return (
      <Confirm question={t("message.recallConfirm")} action={t("message.recall")}
        onConfirm={() => void teahouse.attempt(() => teahouse.calls.recall(chatroomId, seq))} onClose={onClose} />
    )
  }
  const items = messageActions(message, chatroom, me).map((action) => ({
    icon: icons[action], label: t(action === "favorite" ? "favorites.add" : action === "report" ? "report.title" : `message.${action}`),
    danger: action === "recall" || action === "report", stays: action === "recall", onChoose: work[action],
  }))
  return <Menu label={t("message.menu")} items={items} at={at} onClose={onClose} />
}
