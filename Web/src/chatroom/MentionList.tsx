import { Profile } from "../api/contract"
import { useT } from "../store/context"
import { Avatar } from "../ui/Avatar"

/** Whom the name that is being written may mean. The keys stay with the text. */
export function MentionList({ people, chosen, onChoose }: {
  people: readonly Profile[]
  chosen: number
  onChoose: (nickname: string) => void
}) {
  const t = useT()
  return (
    <ul className="mention-list" role="listbox" aria-label={t("composer.mention")}>
      {people.map(({ id, nickname, username, avatar }, index) => (
        <li key={id} role="option" aria-selected={index === chosen} className="row"
          onPointerDown={(event) => {
            event.preventDefault()
            onChoose(nickname)
          }}>
          <Avatar id={id} name={nickname} url={avatar} size="small" />
          <span className="row-name">{nickname}</span>
          <span className="quiet">@{username}</span>
        </li>
      ))}
    </ul>
  )
}
