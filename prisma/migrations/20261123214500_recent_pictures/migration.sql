-- how fast the workers have been lately
CREATE INDEX "image_recent_on_server_idx" ON "image"("finished_at" DESC) WHERE "status" = 'done' AND "made_on" = 'server';
