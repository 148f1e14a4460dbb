-- CreateIndex
CREATE INDEX "generation_input_key_idx" ON "generation"("input_key");
