import { UserID } from "../api/contract"
import { useSelected } from "../store/context"
import { Avatar } from "../ui/Avatar"

/** Friends to tick, all but those in `without`. */
export function FriendPicker({ label, nobody, chosen, onChange, without }: {
  label: string
  /** What to say if there is nobody to choose. */
  nobody: string
  chosen: ReadonlySet<UserID>
  onChange: (chosen: ReadonlySet<UserID>) => void
  without?: ReadonlySet<UserID>
}) {
  const friends = useSelected((state) => state.friends)?.filter(({ user }) => !without?.has(user.id)) ?? []
  const toggle = (id: UserID) => {
    const next = new Set(chosen)
    if (!next.delete(id)) next.add(id)
    onChange(next)
  }
  return (
    <fieldset className="picker">
      <legend>{label}</legend>
      {friends.length === 0 && <p className="quiet">{nobody}</p>}
      {friends.map(({ user, remark }) => (
        <label key={user.id} className="picker-row">
          <input type="checkbox" checked={chosen.has(user.id)} onChange={() => toggle(user.id)} />
          <Avatar id={user.id} name={remark || user.nickname} url={user.avatar} size="small" />
          <span className="row-name">{remark || user.nickname}</span>
          <span className="quiet">@{user.username}</span>
        </label>
      ))}
    </fieldset>
  )
}
