import { ReactNode, useLayoutEffect, useRef } from "react"
import { useT } from "../store/context"
import { IconButton } from "./IconButton"

/** A window above the page, by the browser's own `<dialog>`: it keeps the focus and closes with Escape. */
export function Dialog({ title, onClose, children, bare = false }: {
  title: string
  onClose: () => void
  children: ReactNode
  /** Without frame and heading, as for a picture. */
  bare?: boolean
}) {
  const t = useT()
  const element = useRef<HTMLDialogElement>(null)
  // Closed while it is still in the page: only then the browser gives the focus back.
  useLayoutEffect(() => {
    const dialog = element.current
    if (dialog && !dialog.open) {
      dialog.showModal()
      // What is to be filled in, rather than the way out.
      dialog.querySelector<HTMLElement>("input, textarea, select")?.focus()
    }
    return () => dialog?.close()
  }, [])
  return (
    <dialog ref={element} className={bare ? "dialog dialog-bare" : "dialog"} aria-label={title}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClick={(event) => event.target === element.current && onClose()}>
      {bare ? children : (
        <div className="dialog-body">
          <header className="dialog-head">
            <h2>{title}</h2>
            <IconButton icon="close" label={t("action.close")} onClick={onClose} />
          </header>
          {children}
        </div>
      )}
    </dialog>
  )
}

/** Asks before something that cannot be taken back. */
export function Confirm({ question, action, onConfirm, onClose }: {
  question: string
  action: string
  onConfirm: () => void
  onClose: () => void
}) {
  const t = useT()
  return (
    <Dialog title={action} onClose={onClose}>
      <p>{question}</p>
      <footer className="dialog-foot">
        <button type="button" className="button" onClick={onClose}>{t("action.cancel")}</button>
        <button type="button" className="button button-danger" onClick={() => {
          onClose()
          onConfirm()
        }}>{action}</button>
      </footer>
    </Dialog>
  )
}
