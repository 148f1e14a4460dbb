-- AlterTable
ALTER TABLE "generation" ADD COLUMN "checks_image_id" UUID;
-- What Prisma's schema language cannot say: the few checks there are, for the purge to find
CREATE INDEX "generation_checks_created_at_idx" ON "generation"("created_at") WHERE "checks_image_id" IS NOT NULL;
