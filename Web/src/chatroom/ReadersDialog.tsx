import { useEffect, useState } from "react"
import { Message, Profile, Readers } from "../api/contract"
import { shortTime } from "../i18n/i18n"
import { useLanguage, useT, useTeahouse } from "../store/context"
import { Avatar } from "../ui/Avatar"
import { Dialog } from "../ui/Dialog"
import { Spinner } from "../ui/Empty"

/** Who has read a message of one's own, and who has not yet. */
export function ReadersDialog({ message, onClose }: { message: Message; onClose: () => void }) {
  const t = useT()
  const teahouse = useTeahouse()
  const [readers, setReaders] = useState<Readers>()
  useEffect(() => {
    void teahouse.attempt(async () => setReaders(await teahouse.calls.readers(message.chatroomId, message.seq)))
  }, [teahouse, message])
  return (
    <Dialog title={t("message.readers")} onClose={onClose}>
      {!readers && <Spinner />}
      {readers && (
        <div className="scroll picker">
          <h3 className="section-title">{t("readers.read", { count: readers.readers.length })}</h3>
          {readers.readers.map(({ user, at }) => <Reader key={user.id} user={user} at={at} />)}
          <h3 className="section-title">{t("readers.unread", { count: readers.unread.length })}</h3>
          {readers.unread.map((user) => <Reader key={user.id} user={user} />)}
        </div>
      )}
    </Dialog>
  )
}

function Reader({ user, at }: { user: Profile; at?: string }) {
  const language = useLanguage()
  return (
    <div className="row row-still">
      <Avatar id={user.id} name={user.nickname} url={user.avatar} size="small" />
      <span className="row-name">{user.nickname}</span>
      {at && <time className="row-time" dateTime={at}>{shortTime(language, at)}</time>}
    </div>
  )
}
