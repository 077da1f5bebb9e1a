import { useState } from "react"
import { MediaFile } from "../api/contract"
import { useT, useTeahouse } from "../store/teahouse"
import { Dialog } from "../ui/Dialog"
import { Spinner } from "../ui/Empty"
import { Icon } from "../ui/Icon"
import { IconButton } from "../ui/IconButton"
import { saveFile, useFile } from "./useFile"

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
  const { address, failed } = useFile(media.thumbnail ?? media.url)
  const { width, height } = frame(media)
  return (
    <>
      <button type="button" className="picture" style={{ width, aspectRatio: `${width} / ${height}` }}
        aria-label={t("image.alt", { name: media.name })} onClick={() => address && setOpen(true)}>
        {address && <img src={address} alt={t("image.alt", { name: media.name })} draggable={false} />}
        {!address && !failed && <Spinner />}
        {failed && <span className="picture-failed"><Icon name="warning" />{t("image.failed")}</span>}
      </button>
      {open && <Viewer media={media} onClose={() => setOpen(false)} />}
    </>
  )
}

function Viewer({ media, onClose }: { media: MediaFile; onClose: () => void }) {
  const t = useT()
  const teahouse = useTeahouse()
  const { address, failed } = useFile(media.url)
  return (
    <Dialog title={media.name} onClose={onClose} bare>
      <div className="viewer" onClick={(event) => event.target === event.currentTarget && onClose()}>
        {address && <img src={address} alt={t("image.alt", { name: media.name })} />}
        {!address && !failed && <Spinner />}
        {failed && <p>{t("image.failed")}</p>}
        <div className="viewer-tools">
          <IconButton icon="download" label={t("action.download")}
            onClick={() => void teahouse.attempt(() => saveFile(teahouse, media))} />
          <IconButton icon="close" label={t("action.close")} onClick={onClose} />
        </div>
      </div>
    </Dialog>
  )
}
