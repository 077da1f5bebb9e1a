import ChatAPI
import Postgres

extension UserID: PostgresNewtype {}
