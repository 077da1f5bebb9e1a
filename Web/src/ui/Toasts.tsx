import { useSelected } from "../store/context"

/** Short words at the lower edge, which go by themselves. */
export function Toasts() {
  const toasts = useSelected((state) => state.toasts)
  return (
    <div className="toasts" role="status" aria-live="polite">
      {toasts.map((toast) => <div key={toast.id} className={`toast toast-${toast.kind}`}>{toast.text}</div>)}
    </div>
  )
}
