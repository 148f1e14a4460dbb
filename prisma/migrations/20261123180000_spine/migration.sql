-- The spine: people, generations, images, events, the quota ledger, uploads, shares, workers.
-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";
-- CreateEnum
CREATE TYPE "image_status" AS ENUM ('queued', 'running', 'done', 'failed', 'canceled');
-- CreateEnum
CREATE TYPE "upload_status" AS ENUM ('pending', 'ready');
-- CreateTable
CREATE TABLE "user" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "email_verified" BOOLEAN NOT NULL DEFAULT false,
    "image" TEXT,
    "is_anonymous" BOOLEAN DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "linked_to_id" UUID,
    CONSTRAINT "user_pkey" PRIMARY KEY ("id")
);
-- CreateTable
CREATE TABLE "session" (
    "id" UUID NOT NULL,
    "token" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "ip_address" TEXT,
    "user_agent" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "user_id" UUID NOT NULL,
    CONSTRAINT "session_pkey" PRIMARY KEY ("id")
);
-- CreateTable
CREATE TABLE "account" (
    "id" UUID NOT NULL,
    "account_id" TEXT NOT NULL,
    "provider_id" TEXT NOT NULL,
    "access_token" TEXT,
    "refresh_token" TEXT,
    "id_token" TEXT,
    "access_token_expires_at" TIMESTAMPTZ(3),
    "refresh_token_expires_at" TIMESTAMPTZ(3),
    "scope" TEXT,
    "password" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "user_id" UUID NOT NULL,
    CONSTRAINT "account_pkey" PRIMARY KEY ("id")
);
-- CreateTable
CREATE TABLE "verification" (
    "id" UUID NOT NULL,
    "identifier" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "verification_pkey" PRIMARY KEY ("id")
);
-- CreateTable
CREATE TABLE "rate_limit" (
    "id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "count" INTEGER NOT NULL,
    "last_request" BIGINT NOT NULL,
    CONSTRAINT "rate_limit_pkey" PRIMARY KEY ("id")
);
-- CreateTable
CREATE TABLE "generation" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "idempotency_key" UUID,
    "request_hash" CHAR(64) NOT NULL,
    "recipe" JSONB NOT NULL,
    "recipe_hash" CHAR(64) NOT NULL,
    "queue" TEXT NOT NULL,
    "input_key" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(3),
    "purged_at" TIMESTAMPTZ(3),
    CONSTRAINT "generation_pkey" PRIMARY KEY ("id")
);
-- CreateTable
CREATE TABLE "image" (
    "id" UUID NOT NULL,
    "generation_id" UUID NOT NULL,
    "index" INTEGER NOT NULL,
    "seed" BIGINT NOT NULL,
    "status" "image_status" NOT NULL DEFAULT 'queued',
    "fair_tag" INTEGER NOT NULL,
    "attempt" INTEGER NOT NULL DEFAULT 0,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "worker_id" UUID,
    "lease_until" TIMESTAMPTZ(3),
    "step" INTEGER NOT NULL DEFAULT 0,
    "steps" INTEGER NOT NULL,
    "object_key" TEXT,
    "sha256" CHAR(64),
    "size_bytes" INTEGER,
    "width" INTEGER,
    "height" INTEGER,
    "thumbhash" TEXT,
    "duration_ms" INTEGER,
    "error_code" TEXT,
    "queued_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    CONSTRAINT "image_pkey" PRIMARY KEY ("id")
);
-- CreateTable
CREATE TABLE "generation_event" (
    "seq" BIGSERIAL NOT NULL,
    "generation_id" UUID NOT NULL,
    "image_id" UUID,
    "type" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "generation_event_pkey" PRIMARY KEY ("seq")
);
-- CreateTable
CREATE TABLE "quota_charge" (
    "image_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "charged_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "quota_charge_pkey" PRIMARY KEY ("image_id")
);
-- CreateTable
CREATE TABLE "upload" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "status" "upload_status" NOT NULL DEFAULT 'pending',
    "content_type" TEXT NOT NULL,
    "size_bytes" INTEGER NOT NULL,
    "source_key" TEXT NOT NULL,
    "object_key" TEXT,
    "width" INTEGER,
    "height" INTEGER,
    "sha256" CHAR(64),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "upload_pkey" PRIMARY KEY ("id")
);
-- CreateTable
CREATE TABLE "share" (
    "id" UUID NOT NULL,
    "image_id" UUID NOT NULL,
    "slug" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "revoked_at" TIMESTAMPTZ(3),
    CONSTRAINT "share_pkey" PRIMARY KEY ("id")
);
-- CreateTable
CREATE TABLE "worker" (
    "id" UUID NOT NULL,
    "provider" TEXT NOT NULL,
    "models" JSONB NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "worker_pkey" PRIMARY KEY ("id")
);
-- CreateIndex
CREATE UNIQUE INDEX "user_email_key" ON "user"("email");
-- CreateIndex
CREATE INDEX "user_linked_to_id_idx" ON "user"("linked_to_id");
-- CreateIndex
CREATE UNIQUE INDEX "session_token_key" ON "session"("token");
-- CreateIndex
CREATE INDEX "session_user_id_idx" ON "session"("user_id");
-- CreateIndex
CREATE INDEX "account_user_id_idx" ON "account"("user_id");
-- CreateIndex
CREATE INDEX "verification_identifier_idx" ON "verification"("identifier");
-- CreateIndex
CREATE UNIQUE INDEX "rate_limit_key_key" ON "rate_limit"("key");
-- CreateIndex
CREATE INDEX "generation_user_id_created_at_id_idx" ON "generation"("user_id", "created_at" DESC, "id" DESC);
-- CreateIndex
CREATE UNIQUE INDEX "generation_user_id_idempotency_key_key" ON "generation"("user_id", "idempotency_key");
-- CreateIndex
CREATE UNIQUE INDEX "image_generation_id_index_key" ON "image"("generation_id", "index");
-- CreateIndex
CREATE INDEX "generation_event_generation_id_seq_idx" ON "generation_event"("generation_id", "seq");
-- CreateIndex
CREATE INDEX "generation_event_image_id_seq_idx" ON "generation_event"("image_id", "seq" DESC);
-- CreateIndex
CREATE INDEX "quota_charge_user_id_charged_at_idx" ON "quota_charge"("user_id", "charged_at");
-- CreateIndex
CREATE INDEX "upload_user_id_created_at_idx" ON "upload"("user_id", "created_at");
-- CreateIndex
CREATE UNIQUE INDEX "share_slug_key" ON "share"("slug");
-- CreateIndex
CREATE INDEX "share_image_id_idx" ON "share"("image_id");
-- AddForeignKey
ALTER TABLE "user" ADD CONSTRAINT "user_linked_to_id_fkey" FOREIGN KEY ("linked_to_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;
-- AddForeignKey
ALTER TABLE "session" ADD CONSTRAINT "session_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;
-- AddForeignKey
ALTER TABLE "account" ADD CONSTRAINT "account_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;
-- AddForeignKey
ALTER TABLE "generation" ADD CONSTRAINT "generation_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;
-- AddForeignKey
ALTER TABLE "image" ADD CONSTRAINT "image_generation_id_fkey" FOREIGN KEY ("generation_id") REFERENCES "generation"("id") ON DELETE CASCADE ON UPDATE CASCADE;
-- AddForeignKey
ALTER TABLE "generation_event" ADD CONSTRAINT "generation_event_generation_id_fkey" FOREIGN KEY ("generation_id") REFERENCES "generation"("id") ON DELETE CASCADE ON UPDATE CASCADE;
-- AddForeignKey
ALTER TABLE "quota_charge" ADD CONSTRAINT "quota_charge_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;
-- AddForeignKey
ALTER TABLE "upload" ADD CONSTRAINT "upload_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;
-- AddForeignKey
ALTER TABLE "share" ADD CONSTRAINT "share_image_id_fkey" FOREIGN KEY ("image_id") REFERENCES "image"("id") ON DELETE CASCADE ON UPDATE CASCADE;
-- What Prisma's schema language cannot say:
-- one live link per image
CREATE UNIQUE INDEX "share_live_image_id_key" ON "share"("image_id") WHERE "revoked_at" IS NULL;
-- the queue's virtual time (largest tag ever claimed), who is ahead of whom, and whose lease ran out
CREATE INDEX "image_claimed_fair_tag_idx" ON "image"("fair_tag" DESC) WHERE "attempt" > 0;
CREATE INDEX "image_queued_fair_tag_idx" ON "image"("fair_tag", "queued_at", "id") WHERE "status" = 'queued';
CREATE INDEX "image_running_lease_idx" ON "image"("lease_until") WHERE "status" = 'running';
-- states that must never be seen
ALTER TABLE "image" ADD CONSTRAINT "image_done_has_object" CHECK ("status" <> 'done' OR ("object_key" IS NOT NULL AND "sha256" IS NOT NULL AND "size_bytes" IS NOT NULL AND "finished_at" IS NOT NULL));
ALTER TABLE "image" ADD CONSTRAINT "image_running_has_lease" CHECK ("status" <> 'running' OR ("lease_until" IS NOT NULL AND "worker_id" IS NOT NULL AND "attempt" > 0));
ALTER TABLE "upload" ADD CONSTRAINT "upload_ready_is_read" CHECK ("status" <> 'ready' OR ("object_key" IS NOT NULL AND "sha256" IS NOT NULL AND "width" IS NOT NULL AND "height" IS NOT NULL));
-- what the purge looks for
CREATE INDEX "generation_deleted_at_idx" ON "generation"("deleted_at") WHERE "deleted_at" IS NOT NULL;
