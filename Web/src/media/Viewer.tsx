import { KeyboardEvent, useState } from "react"
import { MediaFile } from "../api/contract"
import { useT } from "../store/context"
import { Dialog } from "../ui/Dialog"
import { Icon } from "../ui/Icon"
import { IconButton } from "../ui/IconButton"
import { saveFile } from "./useFile"

/** An image as large as the window bears, or in its own size; arrows lead to the others of the same chat. */
export function Viewer({ media, among, onClose }: {
  media: MediaFile
  among?: () => readonly MediaFile[]
  onClose: () => void
}) {
  const t = useT()
  const [all] = useState(() => among?.() ?? [media])
  const [index, setIndex] = useState(() => Math.max(0, all.findIndex(({ id }) => id === media.id)))
  const [failed, setFailed] = useState<string>()
  const [whole, setWhole] = useState(false)
  const shown = all[index] ?? media
  const go = (step: number) => {
    if (!all[index + step]) return
    setIndex(index + step)
    setWhole(false)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowLeft") go(-1)
    else if (event.key === "ArrowRight") go(1)
    else if (event.key === "+" || event.key === "-") setWhole(event.key === "+")
  }
  const alt = t("image.alt", { name: shown.name })
  return (
    <Dialog title={shown.name} onClose={onClose} bare>
      <div className="viewer" onKeyDown={onKeyDown}>
        <div className="viewer-head">
          <span className="viewer-name">{shown.name}</span>
          {all.length > 1 && <span className="viewer-place">{t("viewer.place", { number: index + 1, count: all.length })}</span>}
          <IconButton icon="download" label={t("action.download")} onClick={() => saveFile(shown)} />
          <IconButton icon="close" label={t("action.close")} onClick={onClose} />
        </div>
        <div className={whole ? "viewer-stage viewer-whole" : "viewer-stage"}
          onClick={(event) => event.target === event.currentTarget && onClose()}>
          {failed === shown.id
            ? <p className="picture-failed"><Icon name="warning" />{t("image.failed")}</p>
            : <img key={shown.id} src={shown.url} alt={alt} onClick={() => setWhole(!whole)}
                onError={() => setFailed(shown.id)} />}
        </div>
        {index > 0 && <IconButton icon="back" label={t("viewer.before")} className="viewer-before" onClick={() => go(-1)} />}
        {index < all.length - 1 && (
          <IconButton icon="next" label={t("viewer.after")} className="viewer-after" onClick={() => go(1)} />
        )}
      </div>
    </Dialog>
  )
}
