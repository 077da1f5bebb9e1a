/// A type of PostgreSQL and the type of its arrays, by their fixed numbers (`pg_type.dat`).
package struct PostgresType: Hashable, Sendable {
    package typealias ID = UInt32

    package let id: ID
    /// 0: there is none.
    package let arrayID: ID

    package init(id: ID, arrayID: ID = 0) {
        self.id = id
        self.arrayID = arrayID
    }

    package static let bool = PostgresType(id: 16, arrayID: 1000)
    package static let bytea = PostgresType(id: 17, arrayID: 1001)
    package static let int2 = PostgresType(id: 21, arrayID: 1005)
    package static let int4 = PostgresType(id: 23, arrayID: 1007)
    package static let int8 = PostgresType(id: 20, arrayID: 1016)
    package static let float4 = PostgresType(id: 700, arrayID: 1021)
    package static let float8 = PostgresType(id: 701, arrayID: 1022)
    package static let numeric = PostgresType(id: 1700, arrayID: 1231)
    package static let text = PostgresType(id: 25, arrayID: 1009)
    package static let name = PostgresType(id: 19, arrayID: 1003)
    package static let bpchar = PostgresType(id: 1042, arrayID: 1014)
    package static let varchar = PostgresType(id: 1043, arrayID: 1015)
    package static let unknown = PostgresType(id: 705)
    package static let void = PostgresType(id: 2278)
    package static let json = PostgresType(id: 114, arrayID: 199)
    package static let jsonb = PostgresType(id: 3802, arrayID: 3807)
    package static let uuid = PostgresType(id: 2950, arrayID: 2951)
    package static let timestamptz = PostgresType(id: 1184, arrayID: 1185)
    package static let interval = PostgresType(id: 1186, arrayID: 1187)

    /// What is certainly no array.
    static let scalars: Set<ID> = Set(
        [
            Self.bool, .bytea, .int2, .int4, .int8, .float4, .float8, .numeric, .text, .name, .bpchar, .varchar,
            .unknown,
            .void, .json, .jsonb, .uuid, .timestamptz, .interval,
        ].map(\.id))

    /// From here on are types made by `CREATE TYPE`, an enumeration for example, whose numbers nobody knows before.
    static let firstUserDefinedID: ID = 16_384
}
