import { MediaFile } from "../api/contract"
import { fileSize } from "../i18n/i18n"
import { useT } from "../store/context"
import { Icon } from "../ui/Icon"
import { saveFile } from "./useFile"

/** A file of a message: its name and size; a click saves it. */
export function FileCard({ media }: { media: MediaFile }) {
  const t = useT()
  return (
    <button type="button" className="file-card" title={t("action.download")} onClick={() => saveFile(media)}>
      <FileFace name={media.name} size={media.size} />
    </button>
  )
}

export function FileFace({ name, size }: { name: string; size: number }) {
  return (
    <>
      <span className="file-icon"><Icon name="file" size={28} /></span>
      <span className="file-text">
        <span className="file-name">{name}</span>
        <span className="file-size">{fileSize(size)}</span>
      </span>
    </>
  )
}
