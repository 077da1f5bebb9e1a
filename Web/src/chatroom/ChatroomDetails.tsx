import { useEffect, useState } from "react"
import { Chatroom, Member, UserID } from "../api/contract"
import { FriendPicker } from "../friends/FriendPicker"
import { InviteDialog } from "../invite/InviteDialog"
import { useSelected, useT, useTeahouse } from "../store/context"
import { Confirm, Dialog } from "../ui/Dialog"
import { Spinner } from "../ui/Empty"
import { Icon } from "../ui/Icon"
import { IconButton } from "../ui/IconButton"
import { ChatroomSettings } from "./ChatroomSettings"
import { JoinRequests } from "./JoinRequests"
import { MemberRow } from "./MemberRow"

/** What a chatroom is set to; a group's members, and what one may do about them. */
export function ChatroomDetails({ chatroom, onClose }: { chatroom: Chatroom; onClose: () => void }) {
  const t = useT()
  const teahouse = useTeahouse()
  const me = useSelected((state) => state.session?.user.id)
  const group = chatroom.type === "group"
  const { members, reload } = useMembers(chatroom.id)
  const [adding, setAdding] = useState(false)
  const [inviting, setInviting] = useState(false)
  const [leaving, setLeaving] = useState(false)
  const owner = chatroom.role === "owner"
  const leave = () => void teahouse.attempt(async () => {
    if (owner) await teahouse.calls.dissolve(chatroom.id)
    else await teahouse.calls.removeMember(chatroom.id, me ?? 0)
    teahouse.chatrooms.remove(chatroom.id)
  })
  return (
    <aside className="details" aria-label={t("chatroom.details")}>
      <header className="pane-head">
        <h2>{t("chatroom.details")}</h2>
        <IconButton icon="close" label={t("action.close")} onClick={onClose} />
      </header>
      <div className="scroll">
        {chatroom.announcement && chatroom.role === "member" && <p className="announcement">{chatroom.announcement}</p>}
        <ChatroomSettings key={chatroom.id} chatroom={chatroom} />
        {group && chatroom.role !== "member" && <JoinRequests chatroom={chatroom} />}
        <h3 className="section-title">{t("chatroom.members")}{members ? ` · ${members.length}` : ""}</h3>
        {group && (
          <>
            <button type="button" className="row" onClick={() => setAdding(true)}>
              <span className="avatar avatar-small avatar-square avatar-icon"><Icon name="addPerson" size={18} /></span>
              <span className="row-name">{t("chatroom.addMembers")}</span>
            </button>
            <button type="button" className="row" onClick={() => setInviting(true)}>
              <span className="avatar avatar-small avatar-square avatar-icon"><Icon name="link" size={18} /></span>
              <span className="row-name">{t("invite.make")}</span>
            </button>
          </>
        )}
        {!members && <Spinner />}
        <ul className="rows">
          {members?.map((member) => (
            <MemberRow key={member.user.id} chatroom={chatroom} member={member} reload={reload} />
          ))}
        </ul>
      </div>
      {group && (
        <footer className="details-foot">
          <button type="button" className="button button-danger" onClick={() => setLeaving(true)}>
            {t(owner ? "chatroom.dissolve" : "chatroom.leave")}
          </button>
        </footer>
      )}
      {adding && members && (
        <AddMembersDialog chatroom={chatroom} members={members} onAdded={() => void reload()}
          onClose={() => setAdding(false)} />
      )}
      {inviting && <InviteDialog chatroom={chatroom} onClose={() => setInviting(false)} />}
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
      await teahouse.lists.loadChatrooms()
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
    teahouse.lists.remember(found.map(({ user }) => user))
    setMembers(found.sort((a, b) => rank[a.role] - rank[b.role] || a.joinedAt.localeCompare(b.joinedAt)))
  }
  useEffect(() => {
    void teahouse.attempt(reload)
  }, [teahouse, id, version, head])
  return { members, reload }
}
