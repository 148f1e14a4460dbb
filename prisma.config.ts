// Where Prisma's own commands find things. `prisma migrate deploy` and server/db/migrate.ts apply the same folder.
import { defineConfig } from 'prisma/config'

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  // Absent while generating; only `prisma migrate` needs it.
  ...(process.env.DATABASE_URL === undefined ? {} : { datasource: { url: process.env.DATABASE_URL } }),
})
