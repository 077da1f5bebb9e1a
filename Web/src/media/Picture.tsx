import { Suspense, lazy, useState } from "react"
import { MediaFile } from "../api/contract"
import { useT } from "../store/context"
import { Icon } from "../ui/Icon"

const Viewer = lazy(() => import("./Viewer").then((module) => ({ default: module.Viewer })))

/** The room a picture takes, known before it is here, so that nothing jumps when it comes. */
export function frame({ width, height }: Pick<MediaFile, "width" | "height">): { width: number; height: number } {
  if (!width || !height) return { width: 240, height: 180 }
  const scale = Math.min(1, 300 / width, 320 / height)
  return { width: Math.max(72, Math.round(width * scale)), height: Math.max(48, Math.round(height * scale)) }
}

/** An image of a message; a click shows it large, and `among` which others. */
export function Picture({ media, among }: { media: MediaFile; among?: () => readonly MediaFile[] }) {
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
      {open && <Suspense fallback={null}><Viewer media={media} among={among} onClose={() => setOpen(false)} /></Suspense>}
    </>
  )
}
