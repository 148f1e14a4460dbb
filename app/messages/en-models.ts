// The English catalogue, models: those to choose from, and the LoRAs and embeddings a prompt may name.
import { size } from './format.ts'

export const enModels = {
  models: {
    /** One line under the model's name. */
    facts: (bytes: number, license: string): string => `${size(bytes)}, licence ${license}.`,
    places: {
      both: 'Runs on the server and on this device.',
      server: 'Runs on the server, not on this device.',
      serverLooking: 'Runs on the server.',
      device: 'Runs on this device; nothing runs it on the server right now.',
      nobody: 'Nothing runs it on the server right now, and this device cannot.',
      nobodyLooking: 'Nothing runs it on the server right now.',
    },
    triggers: 'Words it was trained on',
    addWord: (word: string): string => `Add “${word}” to the prompt`,
    networks: 'LoRAs and embeddings',
    networksNote: (used: number): string => `${used} in the prompt`,
    addNetwork: (name: string): string => `Add ${name} to the prompt`,
    networkKind: { lora: 'LoRA', embedding: 'Embedding' },
    onServer: 'LoRAs and embeddings work on the server only.',
    whyServerOnly: 'Server: only it can use LoRAs and embeddings.',
  },
}
