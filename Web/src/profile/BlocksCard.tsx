import { useEffect, useState } from "react"
import { Block } from "../api/contract"
import { useT, useTeahouse } from "../store/context"
import { Avatar } from "../ui/Avatar"

/** Whom one has blocked. */
export function BlocksCard() {
  const t = useT()
  const teahouse = useTeahouse()
  const [blocks, setBlocks] = useState<Block[]>()
  const load = async () => setBlocks(await teahouse.calls.blocks())
  useEffect(() => {
    void teahouse.attempt(load)
  }, [teahouse])
  const unblock = (id: number) => void teahouse.attempt(async () => {
    await teahouse.calls.unblock(id)
    await load()
  })
  return (
    <div className="card">
      <h2>{t("blocks.title")}</h2>
      {blocks?.length === 0 && <p className="quiet">{t("blocks.empty")}</p>}
      <ul>
        {blocks?.map(({ user }) => (
          <li key={user.id} className="session">
            <Avatar id={user.id} name={user.nickname} url={user.avatar} size="small" />
            <span className="row-name">{user.nickname} <span className="quiet">@{user.username}</span></span>
            <button type="button" className="link" onClick={() => unblock(user.id)}>{t("blocks.unblock")}</button>
          </li>
        ))}
      </ul>
    </div>
  )
}
