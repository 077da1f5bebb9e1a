/// One page of a list, and the cursor for more: absent at the end.
struct Page<Item: Sendable, Cursor: Sendable>: Sendable {
    var items: [Item]
    var next: Cursor?

    /// Reads on until `limit` items are found or there are no more.
    ///
    /// - Parameters:
    ///   - chunk: how many records are read at a time: more than `limit` where many will be passed over.
    ///   - read: records after a cursor, at most so many, in the order of their cursors.
    ///   - present: what is shown for records, `nil` for one that is passed over; as many as there are records.
    static func read<Record: Sendable>(
        after cursor: Cursor?, limit: Int, chunk: Int, cursorOf: (Record) -> Cursor,
        read: (Cursor?, Int) async throws -> [Record], present: ([Record]) async throws -> [Item?]
    ) async throws -> Page {
        var page = Page(items: [], next: nil)
        var last: Cursor?
        var position = cursor
        while true {
            let records = try await read(position, chunk)
            for (record, item) in zip(records, try await present(records)) {
                guard let item else { continue }
                if page.items.count == limit {
                    page.next = last
                    return page
                }
                page.items.append(item)
                last = cursorOf(record)
            }
            guard records.count == chunk, let end = records.last else { return page }
            position = cursorOf(end)
        }
    }
}
