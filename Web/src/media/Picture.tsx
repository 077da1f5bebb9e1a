import { useState } from "react"
import { MediaFile } from "../api/contract"
import { useT } from "../store/teahouse"
import { Dialog } from "../ui/Dialog"
import { Icon } from "../ui/Icon"
import { IconButton } from "../ui/IconButton"
import { saveFile } from "./useFile"

/** The room a picture takes, known before it is here, so that nothing jumps when it comes. */
export function frame({ width, height }: Pick<MediaFile, "width" | "height">): { width: number; height: number } {
  if (!width || !height) return { width: 240, height: 180 }
  const scale = Math.min(1, 300 / width, 320 / height)
  return { width: Math.max(72, Math.round(width * scale)), height: Math.max(48, Math.round(height * scale)) }
}

/** An image of a message; a click shows it large. */
export function Picture({ media }: { media: MediaFile }) {
  const t = useT()
  const [open, setOpen] = useState(false)
  const [failed, setFailed] = useState(false)
  const { width, height } = frame(media)
  return (
    <>
      <button type="button" className="picture" style={{ width, aspectRatio: `${width} / ${height}` }}
        aria-label={t("image.alt", { name: media.name })} onClick={() => !failed && setOpen(true)}>
        {!failed && <img src={media.thumbnail ?? media.url} alt={t("image.alt", { name: media.name })} draggable={false}
          onError={() => setFailed(true)} />}
        {failed && <span className="picture-failed"><Icon name="warning" />{t("image.failed")}</span>}
      </button>
      {open && <Viewer media={media} onClose={() => setOpen(false)} />}
    </>
  )
}

function Viewer({ media, onClose }: { media: MediaFile; onClose: () => void }) {
  const t = useT()
  const [failed, setFailed] = useState(false)
  return (
    <Dialog title={media.name} onClose={onClose} bare>
      <div className="viewer" onClick={(event) => event.target === event.currentTarget && onClose()}>
        {!failed && <img src={media.url} alt={t("image.alt", { name: media.name })} onError={() => setFailed(true)} />}
        {failed && <p>{t("image.failed")}</p>}
        <div className="viewer-tools">
          <IconButton icon="download" label={t("action.download")}
            onClick={() => saveFile(media)} />
          <IconButton icon="close" label={t("action.close")} onClick={onClose} />
        </div>
      </div>
    </Dialog>
  )
}
