import { StringKey } from "../i18n/i18n"
import { useT } from "../store/context"
import { Dialog } from "../ui/Dialog"

const shortcuts: readonly [keys: readonly string[], what: StringKey][] = [
  [["Ctrl", "K"], "shortcuts.switcher"],
  [["Alt", "↓"], "shortcuts.next"],
  [["Alt", "↑"], "shortcuts.before"],
  [["Alt", "Shift", "↓"], "shortcuts.nextUnread"],
  [["Enter"], "shortcuts.send"],
  [["Shift", "Enter"], "shortcuts.newLine"],
  [["↑"], "shortcuts.editLast"],
  [["@"], "shortcuts.mention"],
  [["Esc"], "shortcuts.stop"],
  [["←", "→"], "shortcuts.images"],
  [["?"], "shortcuts.this"],
]

/** What can be done without a pointer. */
export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const t = useT()
  return (
    <Dialog title={t("shortcuts.title")} onClose={onClose}>
      <dl className="shortcuts">
        {shortcuts.map(([keys, what]) => (
          <div key={what}>
            <dt>{keys.map((key) => <kbd key={key}>{key}</kbd>)}</dt>
            <dd>{t(what)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
