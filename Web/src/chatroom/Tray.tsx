import { useLocalFile } from "../media/useFile"
import { fileSize } from "../i18n/i18n"
import { showable } from "../outbox/sender"
import { useT } from "../store/context"
import { Icon } from "../ui/Icon"
import { IconButton } from "../ui/IconButton"
import { useConversation } from "./conversation"

/** The files that go with the next words: seen, and taken away again, before anything is sent. */
export function Tray() {
  const t = useT()
  const { attached } = useConversation()
  if (attached.length === 0) return null
  return (
    <ul className="tray" aria-label={t("tray.title")}>
      {attached.map((file, index) => <TrayItem key={`${index} ${file.name}`} file={file} />)}
    </ul>
  )
}

function TrayItem({ file }: { file: File }) {
  const t = useT()
  const { detach } = useConversation()
  const address = useLocalFile(showable(file.type) ? file : undefined)
  return (
    <li className="tray-item" title={file.name}>
      <span className="tray-face">{address ? <img src={address} alt="" /> : <Icon name="file" size={28} />}</span>
      <span className="tray-text">
        <span className="tray-name">{file.name}</span>
        <span className="file-size">{fileSize(file.size)}</span>
      </span>
      <IconButton icon="close" size={16} label={t("tray.remove", { name: file.name })} onClick={() => detach(file)} />
    </li>
  )
}
