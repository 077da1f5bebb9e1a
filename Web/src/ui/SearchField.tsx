import { Icon } from "./Icon"

export function SearchField({ label, value, onChange, autoFocus = false }: {
  label: string
  value: string
  onChange: (value: string) => void
  autoFocus?: boolean
}) {
  return (
    <label className="search-field">
      <Icon name="search" size={17} />
      <input type="search" aria-label={label} placeholder={label} value={value} autoFocus={autoFocus} autoComplete="off"
        onChange={(event) => onChange(event.target.value)} />
    </label>
  )
}
