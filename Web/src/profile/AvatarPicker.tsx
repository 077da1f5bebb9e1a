import { PointerEvent, useEffect, useRef, useState } from "react"
import { Profile } from "../api/contract"
import { useLocalFile } from "../media/useFile"
import { useT, useTeahouse } from "../store/context"
import { Avatar } from "../ui/Avatar"
import { Dialog } from "../ui/Dialog"
import { Crop, cropped, moved, zoomed } from "./crop"

/** One's picture; a click chooses another. */
export function AvatarPicker({ user }: { user: Profile }) {
  const t = useT()
  const input = useRef<HTMLInputElement>(null)
  const [file, setFile] = useState<File>()
  return (
    <>
      <button type="button" className="avatar-picker" aria-label={t("profile.avatar")} onClick={() => input.current?.click()}>
        <Avatar id={user.id} name={user.nickname} url={user.avatar} size="large" />
      </button>
      <input ref={input} type="file" hidden accept="image/png,image/jpeg,image/webp" data-pick="avatar"
        onChange={(event) => {
          setFile(event.target.files?.[0])
          event.target.value = ""
        }} />
      {file && <CropDialog file={file} onClose={() => setFile(undefined)} />}
    </>
  )
}

/** Edge of the square on the page, and of the picture that is kept. */
const shownEdge = 280
const keptEdge = 512

function CropDialog({ file, onClose }: { file: File; onClose: () => void }) {
  const t = useT()
  const teahouse = useTeahouse()
  const address = useLocalFile(file)
  const canvas = useRef<HTMLCanvasElement>(null)
  const [image, setImage] = useState<HTMLImageElement>()
  const [crop, setCrop] = useState<Crop>({ x: 0.5, y: 0.5, zoom: 1 })
  const [busy, setBusy] = useState(false)
  useEffect(() => {
    if (!address) return
    const loading = new Image()
    loading.onload = () => setImage(loading)
    loading.onerror = () => {
      teahouse.toast("error", t("image.failed"))
      onClose()
    }
    loading.src = address
  }, [address, teahouse, t, onClose])
  useEffect(() => {
    const context = canvas.current?.getContext("2d")
    if (!image || !context) return
    const { left, top, edge } = cropped(crop, image.naturalWidth, image.naturalHeight)
    context.clearRect(0, 0, keptEdge, keptEdge)
    context.drawImage(image, left, top, edge, edge, 0, 0, keptEdge, keptEdge)
  }, [image, crop])
  const drag = (event: PointerEvent) => {
    if (!image || event.buttons === 0) return
    setCrop(moved(crop, event.movementX / shownEdge, event.movementY / shownEdge, image.naturalWidth, image.naturalHeight))
  }
  const save = async () => {
    const picture = await new Promise<Blob | null>((resolve) => canvas.current?.toBlob(resolve, "image/png"))
    if (!picture) return
    setBusy(true)
    const done = await teahouse.attempt(async () => {
      const { url } = await teahouse.calls.uploadAvatar(picture)
      await teahouse.updateProfile({ avatar: url })
    })
    setBusy(false)
    if (done) onClose()
  }
  return (
    <Dialog title={t("profile.avatar")} onClose={onClose}>
      <canvas ref={canvas} className="crop" width={keptEdge} height={keptEdge} role="img" aria-label={t("profile.avatar")}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)} onPointerMove={drag} />
      <label className="field">
        <span>{t("profile.zoom")}</span>
        <input type="range" min={1} max={4} step={0.05} value={crop.zoom}
          onChange={(event) => setCrop(zoomed(crop, Number(event.target.value)))} />
      </label>
      <footer className="dialog-foot">
        <button type="button" className="button" onClick={onClose}>{t("action.cancel")}</button>
        <button type="button" className="button button-primary" disabled={!image || busy} onClick={() => void save()}>
          {t("action.save")}
        </button>
      </footer>
    </Dialog>
  )
}
