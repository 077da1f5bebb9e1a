import { PersonDialog } from "../friends/PersonDialog"
import { ReportDialog } from "../report/ReportDialog"
import { DateDialog } from "./DateDialog"
import { ForwardDialog } from "./ForwardDialog"
import { ReadersDialog } from "./ReadersDialog"
import { Overlay } from "./conversation"

/** The one window that is open above a chatroom. */
export function ChatroomOverlay({ overlay, onClose }: { overlay: Overlay; onClose: () => void }) {
  switch (overlay.kind) {
    case "forward":
      return <ForwardDialog message={overlay.message} onClose={onClose} />
    case "readers":
      return <ReadersDialog message={overlay.message} onClose={onClose} />
    case "report":
      return <ReportDialog what={{ messageId: overlay.message.id }} name={overlay.message.sender.nickname} onClose={onClose} />
    case "person":
      return <PersonDialog id={overlay.id} onClose={onClose} />
    case "date":
      return <DateDialog onClose={onClose} />
  }
}
