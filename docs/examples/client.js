// A whole client of Teahouse in JavaScript, with the stock Socket.IO client (`io`): it loses nothing, doubles nothing and keeps
// the order. In a page of the same origin:
//
//   <script src="https://cdn.socket.io/4.8.1/socket.io.min.js"></script>
//   <script src="client.js"></script>
//   const client = new TeahouseClient(location.origin, (line) => console.log(line));
//   await client.signIn("alice", "correct horse battery");
//   await client.open();
//   await client.say(7, "hello");

class TeahouseClient {
  /** @param {(line: string) => void} show is told of each message, once and in order */
  constructor(origin, show) {
    this.origin = origin;
    this.show = show;
    this.token = undefined;
    this.epoch = undefined;
    // Up to where each chatroom's log is held. A real client keeps these, and the entries, in IndexedDB.
    this.cursors = new Map();
  }

  async signIn(username, password) {
    const answer = await fetch(`${this.origin}/api/auth/login`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ username, password, device: "example" }),
    });
    const told = await answer.json();
    if (!answer.ok) throw new Error(`${told.code}: ${told.message}`);
    this.token = told.token;
  }

  /** Resolves with the ids of one's chatrooms. The socket comes back by itself, with what `auth` says then. */
  open() {
    this.socket = io(this.origin, { auth: (done) => done(this.auth()) });
    this.socket.on("message", (entry) => this.take(entry));
    this.socket.on("change", (entry) => this.take(entry));
    this.socket.on("token", ({ token }) => (this.token = token));
    return new Promise((resolve, reject) => {
      this.socket.on("ready", (ready) => resolve(this.begin(ready)));
      this.socket.on("connect_error", (error) => error.data && reject(new Error(error.data.code)));
    });
  }

  auth() {
    return this.epoch
      ? { token: this.token, epoch: this.epoch, cursors: Object.fromEntries(this.cursors) }
      : { token: this.token };
  }

  begin(ready) {
    // With another epoch the server was restored: what we hold may have other numbers now.
    if (ready.epoch !== this.epoch) this.cursors.clear();
    this.epoch = ready.epoch;
    for (const { id, head, behind } of ready.chatrooms) {
      // Where we held nothing, or too little to be told all of it, we begin at its head; pages have the rest.
      if (behind || !this.cursors.has(id)) this.cursors.set(id, head);
    }
    return ready.chatrooms.map(({ id }) => id);
  }

  take(entry) {
    if (entry.seq <= (this.cursors.get(entry.chatroomId) ?? 0)) return; // held already: a repetition
    this.cursors.set(entry.chatroomId, entry.seq);
    if (!entry.kind) this.show(`${entry.chatroomId}.${entry.seq} ${entry.sender.nickname}: ${entry.content}`);
  }

  /** The receipt. Repeated until there is one, under one client id: it is stored once, however often it is sent. */
  async say(chatroomId, content) {
    const message = { chatroomId, clientId: crypto.randomUUID(), message: { type: "text", content } };
    for (;;) {
      let receipt;
      try {
        receipt = await this.socket.timeout(10_000).emitWithAck("sendMessage", message);
      } catch {
        continue;
      }
      if (!receipt.error) return receipt;
      if (!["unavailable", "too_many_requests"].includes(receipt.error.code)) throw new Error(receipt.error.message);
      await new Promise((done) => setTimeout(done, 1000 * (receipt.error.retryAfter ?? 1)));
    }
  }
}
