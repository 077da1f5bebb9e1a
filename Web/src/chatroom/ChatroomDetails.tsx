import { useEffect, useState } from "react"
import { Chatroom, Member, UserID } from "../api/contract"
import { FriendPicker } from "../friends/FriendPicker"
import { useSelected, useT, useTeahouse } from "../store/teahouse"
import { Avatar } from "../ui/Avatar"
import { Confirm, Dialog } from "../ui/Dialog"
import { Spinner } from "../ui/Empty"
import { IconButton } from "../ui/IconButton"

/** A group's members, and what one may do about them. */
export function ChatroomDetails({ chatroom, onClose }: { chatroom: Chatroom; onClose: () => void }) {
  const t = useT()
  const teahouse = useTeahouse()
  const me = useSelected((state) => state.session?.user.id)
  const { members, reload } = useMembers(chatroom.id)
  const [adding, setAdding] = useState(false)
  const [removing, setRemoving] = useState<Member>()
  const [leaving, setLeaving] = useState(false)
  const owner = chatroom.role === "owner"
  const mayRemove = (member: Member) =>
    member.user.id !== me && (owner || (chatroom.role === "admin" && member.role === "member"))
  const leave = () => void teahouse.attempt(async () => {
    if (owner) await teahouse.calls.dissolve(chatroom.id)
    else await teahouse.calls.removeMember(chatroom.id, me ?? 0)
    teahouse.removeChatroom(chatroom.id)
  })
  const remove = (member: Member) => void teahouse.attempt(async () => {
    await teahouse.calls.removeMember(chatroom.id, member.user.id)
    await Promise.all([reload(), teahouse.loadChatrooms()])
  })
  return (
    <aside className="details" aria-label={t("chatroom.details")}>
      <header className="pane-head">
        <h2>{t("chatroom.members")}{members ? ` · ${members.length}` : ""}</h2>
        <IconButton icon="close" label={t("action.close")} onClick={onClose} />
      </header>
      <div className="scroll">
        {chatroom.announcement && <p className="announcement">{chatroom.announcement}</p>}
        <button type="button" className="row" onClick={() => setAdding(true)}>
          <span className="avatar avatar-small avatar-square avatar-icon">+</span>
          <span className="row-name">{t("chatroom.addMembers")}</span>
        </button>
        {!members && <Spinner />}
        <ul className="rows">
          {members?.map((member) => (
            <li key={member.user.id} className="row row-still">
              <Avatar id={member.user.id} name={member.user.nickname} url={member.user.avatar} size="small" />
              <span className="row-name">{member.user.nickname}</span>
              {member.role !== "member" && <span className="tag">{t(`role.${member.role}`)}</span>}
              {mayRemove(member) && (
                <IconButton icon="close" size={16} label={`${t("action.remove")} ${member.user.nickname}`}
                  onClick={() => setRemoving(member)} />
              )}
            </li>
          ))}
        </ul>
      </div>
      <footer className="details-foot">
        <button type="button" className="button button-danger" onClick={() => setLeaving(true)}>
          {t(owner ? "chatroom.dissolve" : "chatroom.leave")}
        </button>
      </footer>
      {adding && members && (
        <AddMembersDialog chatroom={chatroom} members={members} onAdded={() => void reload()}
          onClose={() => setAdding(false)} />
      )}
      {removing && (
        <Confirm question={t("chatroom.removeConfirm", { name: removing.user.nickname })} action={t("action.remove")}
          onConfirm={() => remove(removing)} onClose={() => setRemoving(undefined)} />
      )}
      {leaving && (
        <Confirm question={t(owner ? "chatroom.dissolveConfirm" : "chatroom.leaveConfirm", { name: chatroom.name })}
          action={t(owner ? "chatroom.dissolve" : "chatroom.leave")} onConfirm={leave}
          onClose={() => setLeaving(false)} />
      )}
    </aside>
  )
}

function AddMembersDialog({ chatroom, members, onAdded, onClose }: {
  chatroom: Chatroom
  members: readonly Member[]
  onAdded: () => void
  onClose: () => void
}) {
  const t = useT()
  const teahouse = useTeahouse()
  const [chosen, setChosen] = useState<ReadonlySet<UserID>>(new Set())
  const add = async () => {
    const done = await teahouse.attempt(async () => {
      await teahouse.calls.addMembers(chatroom.id, [...chosen])
      await teahouse.loadChatrooms()
    })
    if (!done) return
    onAdded()
    onClose()
  }
  return (
    <Dialog title={t("chatroom.addMembers")} onClose={onClose}>
      <FriendPicker label={t("group.choose")} nobody={t("chatroom.chooseFriend")} chosen={chosen} onChange={setChosen}
        without={new Set(members.map(({ user }) => user.id))} />
      <footer className="dialog-foot">
        <button type="button" className="button" onClick={onClose}>{t("action.cancel")}</button>
        <button type="button" className="button button-primary" disabled={chosen.size === 0} onClick={() => void add()}>
          {t("action.add")}
        </button>
      </footer>
    </Dialog>
  )
}

/** The owner comes first, then the admins, then who has been here longest. */
const rank: Record<Member["role"], number> = { owner: 0, admin: 1, member: 2 }

function useMembers(id: number): { members?: Member[]; reload: () => Promise<void> } {
  const teahouse = useTeahouse()
  const version = useSelected((state) => state.membersVersion)
  const head = useSelected((state) => state.logs.get(id)?.lines.filter((line) => "kind" in line).length ?? 0)
  const [members, setMembers] = useState<Member[]>()
  const reload = async () => {
    const found = await teahouse.calls.members(id)
    teahouse.remember(found.map(({ user }) => user))
    setMembers(found.sort((a, b) => rank[a.role] - rank[b.role] || a.joinedAt.localeCompare(b.joinedAt)))
  }
  useEffect(() => {
    void teahouse.attempt(reload)
  }, [teahouse, id, version, head])
  return { members, reload }
}
