import { useEffect, useState } from "react"
import { MediaFile } from "../api/contract"
import { Teahouse, useTeahouse } from "../store/teahouse"

/** The blob URL of a private file; `undefined` while it is on its way. */
export function useFile(url: string | undefined): { address?: string; failed: boolean } {
  const teahouse = useTeahouse()
  const [state, setState] = useState<{ address?: string; failed: boolean }>({ failed: false })
  useEffect(() => {
    setState({ failed: false })
    if (!url) return undefined
    let current = true
    teahouse.files.get(url).then(
      (address) => current && setState({ address, failed: false }),
      () => current && setState({ failed: true }),
    )
    return () => {
      current = false
    }
  }, [teahouse, url])
  return state
}

/** The blob URL of a file that is here already, as while it is being sent. */
export function useLocalFile(file: Blob | undefined): string | undefined {
  const [address, setAddress] = useState<string>()
  useEffect(() => {
    if (!file) return undefined
    const made = URL.createObjectURL(file)
    setAddress(made)
    return () => URL.revokeObjectURL(made)
  }, [file])
  return address
}

/** Saves a private file under its name. */
export async function saveFile(teahouse: Teahouse, media: MediaFile): Promise<void> {
  const address = await teahouse.files.get(media.url)
  const link = document.createElement("a")
  link.href = address
  link.download = media.name
  link.click()
}
