-- CreateEnum
CREATE TYPE "made_on" AS ENUM ('server', 'device');
-- AlterTable
ALTER TABLE "image" ADD COLUMN "made_on" "made_on" NOT NULL DEFAULT 'server';
-- CreateTable
CREATE TABLE "device_saving" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "idempotency_key" UUID NOT NULL,
    "request_hash" CHAR(64) NOT NULL,
    "request" JSONB NOT NULL,
    "source_keys" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "device_saving_pkey" PRIMARY KEY ("id")
);
-- CreateIndex
CREATE INDEX "device_saving_user_id_created_at_idx" ON "device_saving"("user_id", "created_at");
-- CreateIndex
CREATE INDEX "device_saving_user_id_idempotency_key_idx" ON "device_saving"("user_id", "idempotency_key");
-- CreateIndex
CREATE INDEX "device_saving_created_at_idx" ON "device_saving"("created_at");
-- AddForeignKey
ALTER TABLE "device_saving" ADD CONSTRAINT "device_saving_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;
-- What Prisma's schema language cannot say: a device's picture was never in the queue, so nobody ever claimed it
ALTER TABLE "image" ADD CONSTRAINT "image_of_device_was_never_queued" CHECK ("made_on" = 'server' OR ("attempt" = 0 AND "worker_id" IS NULL AND "status" IN ('done', 'canceled')));
