import { Calls } from "../api/calls"
import { ChatroomID, Seq, UserID, isChange } from "../api/contract"
import { Line } from "../log/log"
import { State } from "../store/state"
import { Store } from "../store/store"

type ReadBy = ReadonlyMap<UserID, Seq>

/** Learns up to where the others have read. */
export class Receipts {
  constructor(private readonly store: Store<State>, private readonly calls: Calls) {}

  read({ chatroomId, userId, seq }: { chatroomId: ChatroomID; userId: UserID; seq: Seq }): void {
    this.store.update(({ readBy }) => {
      const known = readBy.get(chatroomId)
      if ((known?.get(userId) ?? 0) >= seq) return {}
      return { readBy: new Map(readBy).set(chatroomId, new Map(known).set(userId, seq)) }
    })
  }

  /** Asks who has read a message; what was read while nobody listened is told nowhere else. */
  async ask(chatroomId: ChatroomID, seq: Seq): Promise<void> {
    const { readers } = await this.calls.readers(chatroomId, seq)
    for (const { user } of readers) this.read({ chatroomId, userId: user.id, seq })
  }
}

/** Up to where anybody else has read: whoever writes has read what is above. */
export function readByOthers(lines: readonly Line[], readBy: ReadBy | undefined, me: UserID): Seq {
  let read = 0
  for (const [user, seq] of readBy ?? []) if (user !== me) read = Math.max(read, seq)
  for (let index = lines.length - 1; index >= 0; index--) {
    const line = lines[index]
    if (line && !isChange(line) && line.sender.id !== me) return Math.max(read, line.seq)
  }
  return read
}
