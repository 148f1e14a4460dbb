// Other people's recipes, in their own words. Every string is from the source named above it; where a source prints the values of a
// real file and not its text, the text is put together from them as that program writes it.
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { writePngText } from '#recipes/metadata/png.ts'
import { readRecipe } from '#recipes/metadata/read-recipe.ts'
import type { ReadRecipeOptions } from '#recipes/metadata/recipe-report.ts'
import { asciiComment, exifBlock, jpegWith, plainPng, unicodeComment, webpWith, xmpPacket } from './files.ts'
import { options } from './options.ts'

const read = (file: Uint8Array, more: Partial<ReadRecipeOptions> = {}) => readRecipe(file, { ...options, ...more })
const png = (texts: Record<string, string>) =>
  writePngText(
    plainPng,
    Object.entries(texts).map(([keyword, text]) => ({ keyword, text })),
  )
const readPng = (texts: Record<string, string>) => read(png(texts))
const names = (list: readonly { name: string }[]) => list.map(({ name }) => name)

describe('A1111', () => {
  // d3x-at/sd-parsers, tests/test_automatic1111.py: automatic1111_cropped.png and .jpg.
  const duck =
    'photo of a duck\nNegative prompt: monochrome\nSteps: 15, Sampler: UniPC, CFG scale: 5, Seed: 235284042, Size: 512x400, ' +
    'Model hash: c0d1994c73, Model: realistic_realisticVisionV20_v20'

  test('a plain one, from PNG text and from EXIF, with its model missing', async () => {
    const expected = {
      dialect: 'a1111',
      fields: {
        prompt: 'photo of a duck',
        negativePrompt: 'monochrome',
        steps: 15,
        guidanceScale: 5,
        seed: 235284042,
        width: 512,
        height: 400,
      },
      missingModel: { name: 'realistic_realisticVisionV20_v20', hash: 'c0d1994c73' },
      problems: [],
    }
    expect(await readPng({ parameters: duck })).toMatchObject(expected)
    const jpeg = await jpegWith(exifBlock({ order: 'be', userComment: unicodeComment(duck, 'be') }))
    expect(await read(jpeg)).toMatchObject(expected)
    expect(await read(Buffer.from(duck))).toMatchObject({ ...expected, format: 'text' })
  })

  test('a model is found by the digits of its hash or by its file name', async () => {
    const model = { id: 'rv20', name: 'Realistic Vision 2.0', hash: `c0d1994c73${'0'.repeat(54)}` }
    const byHash = await read(png({ parameters: duck }), { knownModels: [model] })
    expect(byHash).toMatchObject({ fields: { modelId: 'rv20' }, missingModel: null })
    expect(byHash.translated).toContainEqual(expect.objectContaining({ field: 'modelId', to: 'rv20' }))
    const named = { ...model, hash: 'f'.repeat(64), aliases: ['realistic_realisticVisionV20_v20.safetensors'] }
    expect((await read(png({ parameters: duck }), { knownModels: [named] })).fields.modelId).toBe('rv20')
  })

  // d3x-at/sd-parsers, tests/test_automatic1111.py test_hashes.
  test('JSON without quotes is one value', async () => {
    const { missingModel, ignored } = await readPng({
      parameters: `${duck.replace(', Model hash: c0d1994c73', '')}, Hashes: {"vae": "c6a580b13a", "model": "c0d1994c73"}`,
    })
    expect(missingModel).toEqual({ name: 'realistic_realisticVisionV20_v20', hash: 'c0d1994c73' })
    expect(ignored).toEqual([])
  })

  // LykosAI/StabilityMatrix, StabilityMatrix.Tests/Models/GenerationParametersTests.cs, TestParse_NoNegative.
  test('without a negative prompt, with an extension Dewpoint knows nothing of', async () => {
    const { fields, ignored, translated } = await readPng({
      parameters:
        'test123\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 3589107295, Size: 1024x1028, Model hash: 9aa0c3e54d, ' +
        'Model: nightvisionXL_v0770_BakedVAE, VAE hash: 235745af8d, VAE: sdxl_vae.safetensors, Style Selector Enabled: True, ' +
        'Style Selector Randomize: False, Style Selector Style: base, Version: 1.6.0',
    })
    expect(fields).toMatchObject({ prompt: 'test123', negativePrompt: '', seed: 3589107295, sampler: 'euler-a' })
    // 1028 is no multiple of 8.
    expect(translated).toContainEqual(expect.objectContaining({ field: 'height', from: '1028', to: '1032' }))
    expect(names(ignored)).toEqual(['VAE', 'Styles'])
    expect(ignored[0]?.value).toBe('VAE hash: 235745af8d, VAE: sdxl_vae.safetensors')
  })

  // LykosAI/StabilityMatrix, the same file, TestParseLineFields: the sampler's name still holds the schedule.
  test('names from before samplers and schedules were separate', async () => {
    const { fields, translated } = await readPng({
      parameters:
        'x\nSteps: 30, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 2216407431, Size: 640x896, Model hash: eb2h052f91, Model: anime_v1',
    })
    expect(fields).toMatchObject({ sampler: 'dpmpp-2m', schedule: 'karras' })
    expect(translated).toEqual([
      { field: 'sampler', from: 'DPM++ 2M Karras', to: 'DPM++ 2M, Karras', reason: expect.stringContaining('name') },
    ])
  })

  // HHyeongSeok/ai-project_3AB, the prompt test notes under Ai_Project: image to image with ControlNet, ADetailer and inpainting.
  test('ControlNet, ADetailer and inpainting are named, each once', async () => {
    const { fields, ignored } = await readPng({
      parameters:
        'lineart, white background, masterpiece, extremely detailed thick line drawing, 1girl , hoodie, animal gloves, skirt, sneakers\n' +
        'Steps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 3082143404, Size: 512x704, Model hash: cbfba64e66, ' +
        'Model: counterfeitV30_v30, VAE hash: df3c506e51, VAE: kl-f8-anime2.ckpt, Denoising strength: 0.4, ' +
        'ADetailer model: face_yolov8n.pt, ADetailer confidence: 0.3, ADetailer dilate erode: 4, ADetailer mask blur: 4, ' +
        'ADetailer denoising strength: 0.4, ADetailer inpaint only masked: True, ADetailer inpaint padding: 32, ' +
        'ADetailer version: 24.3.2, ControlNet 0: "Module: scribble_pidinet, Model: control_v11p_sd15_scribble [d4ba51ff], ' +
        'Weight: 1, Resize Mode: Crop and Resize, Low Vram: False, Processor Res: 512, Guidance Start: 0, Guidance End: 1, ' +
        'Pixel Perfect: False, Control Mode: Balanced, Hr Option: Both, Save Detected Map: True", Mask blur: 4, ' +
        'Inpaint area: Only masked, Masked area padding: 32, Version: v1.8.0',
    })
    expect(fields.strength).toBe(0.4)
    expect(names(ignored)).toEqual([
      'Input picture',
      'VAE',
      'ADetailer',
      'ControlNet',
      'Mask blur',
      'Inpaint area',
      'Masked area padding',
    ])
    expect(ignored.find(({ name }) => name === 'ControlNet')?.value).toContain('Model: control_v11p_sd15_scribble')
  })

  // GolangProject/PixivCrawler, the comment in its Stable Diffusion client: hires fix, LoRA, embeddings, clip skip.
  test('Hires fix makes its denoising strength no strength of ours', async () => {
    const { fields, ignored } = await readPng({
      parameters:
        '(masterpiece:1.2), best quality, PIXIV, blue archive, <lora:blue archive-000018:0.8>\n' +
        'Negative prompt: EasyNegative,badhandsv5-neg,Subtitles,word\n' +
        'Steps: 32, Sampler: DPM++ SDE Karras, CFG scale: 7, Seed: 3089360094, Size: 768x512, Model hash: e3edb8a26f, ' +
        'Model: ghostmix_v20Bakedvae, Denoising strength: 0.5, Clip skip: 2, ADetailer model: face_yolov8n.pt, ' +
        'ADetailer confidence: 0.3, Hires upscale: 2, Hires steps: 12, Hires upscaler: R-ESRGAN 4x+ Anime6B, ' +
        'Lora hashes: "blue archive-000018: 3fc8d3abb551", TI hashes: "EasyNegative: 66a7279a88dd, badhandsv5-neg: aa7651be154c", ' +
        'Version: v1.6.0-2-g4afaaf8a',
    })
    expect(fields).not.toHaveProperty('strength')
    expect(fields).toMatchObject({ width: 768, height: 512, seed: 3089360094 })
    expect(fields.sdeNoise).toBe('torchsde-cuda')
    expect(names(ignored)).toEqual([
      'ADetailer',
      'Hires. fix',
      'Added networks',
      'Embeddings',
      'Denoising strength',
      'Clip skip',
    ])
    expect(ignored.find(({ name }) => name === 'Embeddings')?.value).toBe(
      'TI hashes: EasyNegative: 66a7279a88dd, badhandsv5-neg: aa7651be154c',
    )
  })

  // Webcomponent test of a UserComment reader on GitHub (Automatic1111UserComment.parse, complex Civitai prompt): a real picture of 2024.
  test("Civitai's resources name the model and what is not loaded", async () => {
    const { fields, missingModel, ignored } = await readPng({
      parameters:
        'masterpiece, best quality, double exposure, vivid colors \nNegative prompt:  negativeXL_D, greyscale\n' +
        'Steps: 22, Sampler: DPM++ 2M Karras, CFG scale: 3.8, Seed: 894409639, Size: 832x1216, Clip skip: 2, ' +
        'Created Date: 2024-09-23T06:17:42.9952795Z, Civitai resources: [{"type":"checkpoint","modelVersionId":128078,' +
        '"modelName":"SD XL","modelVersionName":"v1.0 VAE fix"},{"type":"lora","weight":0.85,"modelVersionId":210432,' +
        '"modelName":"Double Exposure","modelVersionName":"Double Exposure"},{"type":"embed","weight":1,"modelVersionId":134583,' +
        '"modelName":"negativeXL","modelVersionName":"D"}], Civitai metadata: {}',
    })
    expect(fields).toMatchObject({
      negativePrompt: 'negativeXL_D, greyscale',
      guidanceScale: 3.8,
      width: 832,
      height: 1216,
    })
    expect(missingModel).toEqual({ name: 'SD XL v1.0 VAE fix' })
    expect(ignored).toEqual([
      expect.objectContaining({ name: 'Clip skip', value: '2' }),
      expect.objectContaining({
        name: 'Civitai resources',
        value: 'lora Double Exposure Double Exposure, embed negativeXL D',
      }),
    ])
  })

  // adieyal/sd-dynamic-prompts writes templates behind the settings; layout as in civitai/civitai, automatic.metadata.ts templateKeys.
  test('templates behind the settings do not hide them', async () => {
    const { fields, ignored } = await readPng({
      parameters: `${duck}\nTemplate: photo of a {duck|goose}\nNegative Template: monochrome`,
    })
    expect(fields).toMatchObject({ prompt: 'photo of a duck', steps: 15 })
    expect(names(ignored)).toEqual(['Template'])
  })

  test('noise drawn on the CPU, a variation and tiling are taken where the form has them, else said to differ', async () => {
    const text = `${duck}, Variation seed: 9, Variation seed strength: 0.2, RNG: CPU, Tiling: True, Eta: 0.5`
    const taken = await readPng({ parameters: text })
    expect(taken.fields).toMatchObject({
      noise: 'mt19937',
      variation: { seed: 9, strength: 0.2 },
      tiling: 'xy',
      eta: 0.5,
    })
    expect(taken.ignored).toEqual([])
    // NV draws as a graphics card does, and so does Dewpoint.
    expect((await readPng({ parameters: `${duck}, RNG: NV` })).fields).not.toHaveProperty('noise')
  })

  // AUTOMATIC1111/stable-diffusion-webui, modules/shared_options.py: the infotext names of its sampler parameters, with its ranges.
  test('sampler parameters are taken, and those that cannot be are said to differ', async () => {
    const { fields, ignored } = await readPng({
      parameters:
        `${duck.replace('UniPC', 'Heun')}, Schedule type: Karras, Sigma churn: 4.5, Sigma tmin: 0.1, Sigma noise: 1.05, ` +
        'Schedule rho: 5.0, Schedule max sigma: 14.6, Noise Schedule: Zero Terminal SNR, Eta DDIM: 0.5',
    })
    // Eta DDIM is of DDIM alone there.
    expect(fields).not.toHaveProperty('eta')
    expect(fields).toMatchObject({ sChurn: 4.5, sNoise: 1.05, rho: 5, zeroTerminalSnr: true })
    expect(names(ignored)).toEqual(['Sigma tmin', 'Schedule max sigma'])
    const ddim = await readPng({ parameters: `${duck.replace('UniPC', 'DDIM')}, Eta: 0.9, Eta DDIM: 0.5` })
    expect(ddim.fields.eta).toBe(0.5)
    // 0 is the schedule's own bend there; 40 is more than works here.
    expect((await readPng({ parameters: `${duck}, Schedule rho: 0` })).fields).not.toHaveProperty('rho')
    const bent = await readPng({ parameters: `${duck}, Schedule rho: 40` })
    expect(bent.fields).not.toHaveProperty('rho')
    expect(bent.ignored).toEqual([{ name: 'rho', value: '40', reason: '0.1 to 30 works here' }])
  })

  test('a text without settings is no recipe', async () => {
    expect(await readPng({ parameters: 'just: a, prompt' })).toMatchObject({
      dialect: undefined,
      problems: ['The file holds no recipe'],
    })
  })
})

// comfyanonymous/ComfyUI, script_examples/basic_api_example.py: the default workflow.
const comfyDefault = {
  '3': {
    class_type: 'KSampler',
    inputs: {
      cfg: 8,
      denoise: 1,
      latent_image: ['5', 0],
      model: ['4', 0],
      negative: ['7', 0],
      positive: ['6', 0],
      sampler_name: 'euler',
      scheduler: 'normal',
      seed: 8566257,
      steps: 20,
    },
  },
  '4': { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'v1-5-pruned-emaonly.safetensors' } },
  '5': { class_type: 'EmptyLatentImage', inputs: { batch_size: 1, height: 512, width: 512 } },
  '6': { class_type: 'CLIPTextEncode', inputs: { clip: ['4', 1], text: 'masterpiece best quality girl' } },
  '7': { class_type: 'CLIPTextEncode', inputs: { clip: ['4', 1], text: 'bad hands' } },
  '8': { class_type: 'VAEDecode', inputs: { samples: ['3', 0], vae: ['4', 2] } },
  '9': { class_type: 'SaveImage', inputs: { filename_prefix: 'ComfyUI', images: ['8', 0] } },
}

describe('ComfyUI', () => {
  const expected = {
    dialect: 'comfyui',
    fields: {
      prompt: 'masterpiece best quality girl',
      negativePrompt: 'bad hands',
      seed: 8566257,
      steps: 20,
      guidanceScale: 8,
      width: 512,
      height: 512,
      sampler: 'euler',
    },
    missingModel: { name: 'v1-5-pruned-emaonly.safetensors' },
  }

  test('the default graph, in PNG text and in the EXIF its WebP node writes', async () => {
    const prompt = JSON.stringify(comfyDefault)
    expect(await readPng({ prompt, workflow: '{"nodes":[]}' })).toMatchObject(expected)
    // comfy_extras/nodes_images.py SaveAnimatedWEBP: Model holds "prompt:{…}", Make and below "workflow:{…}".
    const tags = { 272: `prompt:${prompt}`, 271: 'workflow:{"nodes":[]}' }
    expect(await read(await webpWith(exifBlock({ order: 'le', tags })))).toMatchObject(expected)
  })

  test('NaN in the JSON, which Python writes, does not hide the rest', async () => {
    const prompt = JSON.stringify(comfyDefault).replace(
      '{"class_type":"KSampler"',
      '{"is_changed":[NaN],"class_type":"KSampler"',
    )
    expect(await readPng({ prompt })).toMatchObject(expected)
  })

  // The default drawing of ComfyUI's editor (Comfy-Org/ComfyUI_frontend, src/scripts/defaultGraph.ts), which keeps widgets in order.
  test('the editor file alone', async () => {
    const workflow = JSON.stringify({
      last_node_id: 9,
      last_link_id: 9,
      nodes: [
        {
          id: 7,
          type: 'CLIPTextEncode',
          inputs: [{ name: 'clip', type: 'CLIP', link: 5 }],
          widgets_values: ['text, watermark'],
        },
        {
          id: 6,
          type: 'CLIPTextEncode',
          inputs: [{ name: 'clip', type: 'CLIP', link: 3 }],
          widgets_values: ['beautiful scenery nature glass bottle landscape, , purple galaxy bottle,'],
        },
        { id: 5, type: 'EmptyLatentImage', widgets_values: [512, 512, 1] },
        {
          id: 3,
          type: 'KSampler',
          inputs: [
            { name: 'model', type: 'MODEL', link: 1 },
            { name: 'positive', type: 'CONDITIONING', link: 4 },
            { name: 'negative', type: 'CONDITIONING', link: 6 },
            { name: 'latent_image', type: 'LATENT', link: 2 },
          ],
          widgets_values: [156680208700286, true, 20, 8, 'euler', 'normal', 1],
        },
        {
          id: 8,
          type: 'VAEDecode',
          inputs: [
            { name: 'samples', type: 'LATENT', link: 7 },
            { name: 'vae', type: 'VAE', link: 8 },
          ],
        },
        { id: 9, type: 'SaveImage', inputs: [{ name: 'images', type: 'IMAGE', link: 9 }] },
        { id: 4, type: 'CheckpointLoaderSimple', widgets_values: ['v1-5-pruned-emaonly.safetensors'] },
      ],
      links: [
        [1, 4, 0, 3, 0, 'MODEL'],
        [2, 5, 0, 3, 3, 'LATENT'],
        [3, 4, 1, 6, 0, 'CLIP'],
        [4, 6, 0, 3, 1, 'CONDITIONING'],
        [5, 4, 1, 7, 0, 'CLIP'],
        [6, 7, 0, 3, 2, 'CONDITIONING'],
        [7, 3, 0, 8, 0, 'LATENT'],
        [8, 4, 2, 8, 1, 'VAE'],
        [9, 8, 0, 9, 0, 'IMAGE'],
      ],
      version: 0.4,
    })
    const report = await readPng({ workflow })
    expect(report).toMatchObject({
      fields: {
        prompt: 'beautiful scenery nature glass bottle landscape, , purple galaxy bottle,',
        negativePrompt: 'text, watermark',
        steps: 20,
        sampler: 'euler',
      },
      missingModel: { name: 'v1-5-pruned-emaonly.safetensors' },
    })
    // A 48-bit seed has no place in a Philox key.
    expect(report.fields).not.toHaveProperty('seed')
    expect(names(report.ignored)).toEqual(['Seed'])
  })

  // d3x-at/sd-parsers, tests/resources/parsers/ComfyUI/img2img_cropped.py: the values of that picture's graph, nodes as ComfyUI has them.
  test('image to image', async () => {
    const { fields, ignored } = await readPng({
      prompt: JSON.stringify({
        3: {
          class_type: 'KSampler',
          inputs: {
            seed: 280823642470253,
            steps: 20,
            cfg: 8,
            sampler_name: 'dpmpp_2m',
            scheduler: 'normal',
            denoise: 0.8700000000000001,
            model: ['4', 0],
            positive: ['6', 0],
            negative: ['7', 0],
            latent_image: ['12', 0],
          },
        },
        4: {
          class_type: 'CheckpointLoader',
          inputs: { config_name: 'v1-inference.yaml', ckpt_name: 'v1-5-pruned-emaonly.ckpt' },
        },
        6: {
          class_type: 'CLIPTextEncode',
          inputs: { text: 'photograph of victorian woman with wings, sky clouds, meadow grass', clip: ['4', 1] },
        },
        7: { class_type: 'CLIPTextEncode', inputs: { text: 'watermark, text', clip: ['4', 1] } },
        8: { class_type: 'VAEDecode', inputs: { samples: ['3', 0], vae: ['4', 2] } },
        9: { class_type: 'SaveImage', inputs: { filename_prefix: 'ComfyUI', images: ['8', 0] } },
        10: { class_type: 'LoadImage', inputs: { image: 'example.png' } },
        12: { class_type: 'VAEEncode', inputs: { pixels: ['10', 0], vae: ['4', 2] } },
      }),
    })
    expect(fields.strength).toBeCloseTo(0.87)
    expect(names(ignored)).toEqual(['Seed', 'Input picture'])
  })

  // A reader's test on GitHub of a Flux graph with a second pass (LoraLoaderModelOnly, SamplerCustomAdvanced, KSampler).
  test('a custom sampler, LoRA and a second pass: the first pass counts', async () => {
    const { fields, missingModel, ignored } = await readPng({
      prompt: JSON.stringify({
        10: { class_type: 'UNETLoader', inputs: { unet_name: 'flux1-dev.safetensors', weight_dtype: 'default' } },
        11: {
          class_type: 'DualCLIPLoader',
          inputs: { clip_name1: 't5xxl_fp16.safetensors', clip_name2: 'clip_l.safetensors', type: 'flux' },
        },
        12: {
          class_type: 'LoraLoaderModelOnly',
          inputs: { lora_name: 'ink_style.safetensors', strength_model: 0.75, model: ['10', 0] },
        },
        20: { class_type: 'CLIPTextEncode', inputs: { text: 'an ink drawing of a heron at dawn', clip: ['11', 0] } },
        21: { class_type: 'FluxGuidance', inputs: { guidance: 3.5, conditioning: ['20', 0] } },
        22: { class_type: 'BasicGuider', inputs: { model: ['12', 0], conditioning: ['21', 0] } },
        25: { class_type: 'RandomNoise', inputs: { noise_seed: 424242 } },
        26: { class_type: 'KSamplerSelect', inputs: { sampler_name: 'euler' } },
        27: { class_type: 'BasicScheduler', inputs: { scheduler: 'simple', steps: 28, denoise: 1, model: ['12', 0] } },
        30: { class_type: 'EmptySD3LatentImage', inputs: { width: 1024, height: 768, batch_size: 1 } },
        31: {
          class_type: 'SamplerCustomAdvanced',
          inputs: {
            noise: ['25', 0],
            guider: ['22', 0],
            sampler: ['26', 0],
            sigmas: ['27', 0],
            latent_image: ['30', 0],
          },
        },
        40: {
          class_type: 'LatentUpscaleBy',
          inputs: { upscale_method: 'nearest-exact', scale_by: 1.5, samples: ['31', 0] },
        },
        41: { class_type: 'CLIPTextEncode', inputs: { text: '', clip: ['11', 0] } },
        42: {
          class_type: 'KSampler',
          inputs: {
            seed: 7,
            steps: 10,
            cfg: 1,
            sampler_name: 'euler',
            scheduler: 'simple',
            denoise: 0.45,
            model: ['12', 0],
            positive: ['21', 0],
            negative: ['41', 0],
            latent_image: ['40', 0],
          },
        },
        50: { class_type: 'VAEDecode', inputs: { samples: ['42', 0], vae: ['51', 0] } },
        52: { class_type: 'SaveImage', inputs: { images: ['50', 0] } },
      }),
    })
    expect(fields).toMatchObject({
      prompt: 'an ink drawing of a heron at dawn',
      seed: 424242,
      steps: 28,
      width: 1024,
      height: 768,
      sampler: 'euler',
    })
    expect(missingModel).toEqual({ name: 'flux1-dev.safetensors' })
    expect(names(ignored)).toEqual(['LoRA', 'Upscaling', 'Further samplers'])
  })

  test('a graph that leads back to itself ends', async () => {
    const loop = {
      ...comfyDefault,
      '6': { class_type: 'ConditioningCombine', inputs: { conditioning_1: ['6', 0], conditioning_2: ['6', 0] } },
    }
    expect((await readPng({ prompt: JSON.stringify(loop) })).problems).toEqual([
      expect.stringContaining('prompt was not found'),
    ])
  })
})

describe('InvokeAI', () => {
  // albertpb/sd-manager, src/__tests__/utils/mocks/invokeai.mock.ts: version 3.
  test('invokeai_metadata of version 3', async () => {
    const report = await readPng({
      invokeai_metadata:
        '{"app_version": "3.3.0post3", "generation_mode": "txt2img", "positive_prompt": "landscape", "negative_prompt": "low quality", "width": 768, "height": 432, "seed": 356120443, "rand_device": "cpu", "cfg_scale": 7.5, "steps": 50, "scheduler": "dpmpp_2m_sde_k", "clip_skip": 0, "model": {"model_name": "amixx_3Prunedfp16", "base_model": "sd-1", "model_type": "main"}, "controlnets": [], "ipAdapters": [], "t2iAdapters": [], "loras": [], "vae": {"model_name": "sd-vae-ft-mse", "base_model": "sd-1"}}',
    })
    expect(report).toMatchObject({
      dialect: 'invokeai',
      software: 'InvokeAI 3.3.0post3',
      fields: {
        prompt: 'landscape',
        seed: 356120443,
        steps: 50,
        guidanceScale: 7.5,
        width: 768,
        height: 432,
        sampler: 'dpmpp-2m-sde',
        schedule: 'karras',
      },
      missingModel: { name: 'amixx_3Prunedfp16' },
    })
    expect(names(report.ignored)).toEqual(['VAE'])
    expect(report.fields.noise).toBe('mt19937')
  })

  // d3x-at/sd-parsers, tests/resources/parsers/InvokeAI/invokeai_imeta1.py; model record as version 5 writes it.
  test("weights in compel's way are rewritten and said so", async () => {
    const { fields, translated, ignored } = await readPng({
      invokeai_metadata: JSON.stringify({
        app_version: '5.4.2',
        generation_mode: 'sdxl_txt2img',
        positive_prompt: 'digital artwork, oil painting. painterly brushstrokes, holidays,',
        negative_prompt:
          'grainy+, photo, oversaturated, overexposed, blurry, compressed jpg+, noisy++, unfocused , black and white',
        width: 1024,
        height: 1024,
        seed: 3293022630,
        rand_device: 'cpu',
        cfg_scale: 8,
        cfg_rescale_multiplier: 0,
        steps: 35,
        scheduler: 'euler',
        model: { key: '1', hash: 'blake3:00', name: 'juggernautXL', base: 'sdxl', type: 'main' },
        loras: [{ model: { key: '2', name: 'watercolor_xl' }, weight: 0.6 }],
        ipAdapters: [{ image: { image_name: '21b3ddb9.png' }, weight: 0.45 }],
      }),
    })
    expect(fields.negativePrompt).toBe(
      '(grainy:1.1), photo, oversaturated, overexposed, blurry, compressed (jpg:1.1), (noisy:1.21), unfocused , black and white',
    )
    expect(fields).toMatchObject({
      weighting: 'compel',
      prompt: 'digital artwork, oil painting. painterly brushstrokes, holidays,',
    })
    expect(translated).toEqual([expect.objectContaining({ field: 'negativePrompt' })])
    expect(names(ignored)).toEqual(['LoRA', 'IP adapter'])
  })

  // invoke-ai/InvokeAI, invokeai/app/invocations/metadata.py CoreMetadataInvocation: names and types of the fields.
  test('seamless edges and guidance rescale are taken', async () => {
    const { fields, ignored } = await readPng({
      invokeai_metadata:
        '{"positive_prompt": "tiles", "seed": 1, "steps": 30, "scheduler": "euler", "seamless_x": true, "seamless_y": false, "cfg_rescale_multiplier": 0.7}',
    })
    expect(fields).toMatchObject({ tiling: 'x', guidanceRescale: 0.7 })
    expect(ignored).toEqual([])
  })

  // d3x-at/sd-parsers, tests/resources/parsers/InvokeAI/invokeai_sdmeta1.py and invokeai_dream1.py: the values of one picture, prompt shortened.
  const shared = {
    seed: 2980747362,
    steps: 50,
    guidanceScale: 5,
    width: 512,
    height: 768,
    sampler: 'lms',
    negativePrompt: 'rendering, glowing eyes, skinny',
  }

  test('sd-metadata of version 2', async () => {
    const report = await readPng({
      'sd-metadata': JSON.stringify({
        model: 'stable diffusion',
        model_weights: 'deliberateForInvoke_v08',
        model_hash: '56d1442a0feefd64836a19ac8e3527ec71c884fc962e246ddf67b03e42921272',
        app_id: 'invoke-ai/InvokeAI',
        app_version: '2.3.0',
        image: {
          prompt: [
            { prompt: 'professional photo, (imperfect skin), at night [rendering, glowing eyes, skinny]', weight: 1 },
          ],
          steps: 50,
          cfg_scale: 5,
          threshold: 0,
          perlin: 0,
          height: 768,
          width: 512,
          seed: 2980747362,
          seamless: false,
          hires_fix: false,
          type: 'txt2img',
          sampler: 'k_lms',
          variations: [],
          postprocessing: [
            { type: 'codeformer', strength: 0.9, fidelity: 0.75 },
            { type: 'esrgan', scale: 4, strength: 0.95 },
          ],
        },
      }),
    })
    expect(report.fields).toMatchObject({ ...shared, prompt: 'professional photo, imperfect skin, at night' })
    expect(report.missingModel?.name).toBe('deliberateForInvoke_v08')
    expect(names(report.ignored)).toEqual(['Postprocessing'])
  })

  test('the Dream command line before that', async () => {
    const report = await readPng({
      Dream:
        '"professional photo, at night [rendering, glowing eyes, skinny]" -s 50 -S 2980747362 -W 512 -H 768 -C 5.0 -A k_lms -G 0.9 -U 4 0.95',
    })
    expect(report.fields).toMatchObject({ ...shared, prompt: 'professional photo, at night' })
  })
})

describe('Fooocus', () => {
  // d3x-at/sd-parsers, tests/test_fooocus.py: fooocus1_cropped.png, long texts shortened.
  const goldfish = {
    adm_guidance: '(1.5, 0.8, 0.3)',
    base_model: 'juggernautXL_v8Rundiffusion',
    base_model_hash: 'aeb7e9e689',
    clip_skip: 2,
    full_negative_prompt: ['(worst quality:1.4)', 'anime'],
    full_prompt: ['cinematic still a smiling goldfish'],
    guidance_scale: 4,
    loras: [],
    metadata_scheme: 'fooocus',
    negative_prompt: '',
    performance: 'Speed',
    prompt: 'a smiling goldfish',
    prompt_expansion: 'a smiling goldfish, deep focus',
    refiner_model: 'None',
    refiner_switch: 0.5,
    resolution: '(768, 1280)',
    sampler: 'dpmpp_2m_sde_gpu',
    scheduler: 'karras',
    seed: '6952411511246973023',
    sharpness: 2,
    steps: 30,
    styles: "['Fooocus V2', 'Fooocus Enhance', 'Fooocus Sharp']",
    vae: 'Default (model)',
    version: 'Fooocus v2.4.3',
  }

  test('its own scheme, in PNG and in EXIF', async () => {
    const expected = {
      dialect: 'fooocus',
      software: 'Fooocus v2.4.3',
      fields: {
        prompt: 'a smiling goldfish',
        steps: 30,
        guidanceScale: 4,
        width: 768,
        height: 1280,
        sampler: 'dpmpp-2m-sde',
        schedule: 'karras',
      },
      missingModel: { name: 'juggernautXL_v8Rundiffusion', hash: 'aeb7e9e689' },
    }
    const report = await readPng({ parameters: JSON.stringify(goldfish), fooocus_scheme: 'fooocus' })
    expect(report).toMatchObject(expected)
    expect(names(report.ignored)).toEqual([
      'Seed',
      'Styles',
      'Prompt expansion',
      'Sharpness',
      'ADM guidance',
      'Clip skip',
    ])
    const exif = exifBlock({ order: 'le', userComment: asciiComment(JSON.stringify(goldfish)) })
    expect(await read(await jpegWith(exif))).toMatchObject(expected)
  })

  // A Go metadata library's test for RuinedFooocus on GitHub (metaJson), values as they are.
  test('RuinedFooocus', async () => {
    const report = await readPng({
      parameters: JSON.stringify({
        Prompt: 'cinematic film still A sunflower field, shallow depth of field',
        Negative: 'anime, cartoon, graphic',
        steps: 30,
        cfg: 8.5,
        width: 1152,
        height: 896,
        seed: 3864674281,
        sampler_name: 'dpmpp_2m_sde_gpu',
        scheduler: 'karras',
        base_model_name: 'sd_xl_base_1.0_0.9vae.safetensors',
        base_model_hash: 'be9edd61',
        loras: [['4852686128', '0.1 - sd_xl_offset_example-lora_1.0.safetensors']],
        start_step: 0,
        denoise: null,
        clip_skip: 1,
        software: 'RuinedFooocus',
      }),
    })
    expect(report).toMatchObject({
      dialect: 'ruinedfooocus',
      fields: {
        sdeNoise: 'torchsde-cuda',
        prompt: expect.stringContaining('sunflower'),
        seed: 3864674281,
        guidanceScale: 8.5,
        width: 1152,
        height: 896,
      },
      missingModel: { name: 'sd_xl_base_1.0_0.9vae.safetensors', hash: 'be9edd61' },
      ignored: [{ name: 'LoRA', value: '0.1 - sd_xl_offset_example-lora_1.0.safetensors' }],
    })
  })
})

describe('SwarmUI', () => {
  // ataylorm/FluxAIGridComparisons, DetailFacePrompts/1717.metadata.js.
  test('sui_image_params', async () => {
    const report = await readPng({
      parameters: JSON.stringify({
        sui_image_params: {
          prompt: 'A headshot photograph of a 30 year old caucasian american woman with prominent low cheekbones',
          model: 'Flux/flux1-dev-fp8',
          seed: 2042464333,
          steps: 25,
          cfgscale: 1,
          aspectratio: 'Custom',
          width: 512,
          height: 768,
          sampler: 'euler',
          scheduler: 'normal',
          nopreviews: true,
          wildcardseed: 17,
          imageformat: 'JPG',
          vae: 'ae.sft',
          negativeprompt: '',
          swarm_version: '0.9.1.1',
          date: '2024-08-07',
          generation_time: '143.17 (prep) and 35.81 (gen) seconds',
        },
      }),
    })
    expect(report).toMatchObject({
      dialect: 'swarmui',
      software: 'SwarmUI 0.9.1.1',
      fields: {
        seed: 2042464333,
        steps: 25,
        guidanceScale: 1,
        width: 512,
        height: 768,
        sampler: 'euler',
        negativePrompt: '',
      },
      missingModel: { name: 'Flux/flux1-dev-fp8' },
      ignored: [{ name: 'vae', value: 'ae.sft' }],
    })
  })

  // mcmonkeyprojects/SwarmUI, docs/Image Metadata Format.md: numbers may be text.
  test('numbers written as text', async () => {
    const { fields } = await readPng({
      parameters:
        '{"sui_image_params": {"prompt": "a photo of a cat", "seed": "1", "steps": "20", "cfgscale": "7.0", "swarm_version": "0.9.3.1"}}',
    })
    expect(fields).toEqual({ prompt: 'a photo of a cat', seed: 1, steps: 20, guidanceScale: 7, noise: 'mt19937' })
  })
})

describe('NovelAI', () => {
  // d3x-at/sd-parsers, tests/test_novelai.py: novelai1_cropped.png, negative prompt shortened.
  const comment = {
    steps: 50,
    sampler: 'k_euler_ancestral',
    seed: 2253955223,
    strength: 0.4,
    noise: 0,
    scale: 10,
    uc: 'lowres, bad anatomy, (text), {{error}}',
  }
  const texts = {
    Title: 'AI generated image',
    Description: 'masterpiece, best quality,  {cat}, space, [icon]',
    Software: 'NovelAI',
    Source: 'Stable Diffusion 1D44365E',
    Comment: JSON.stringify(comment),
  }
  const expected = {
    dialect: 'novelai',
    fields: {
      prompt: 'masterpiece, best quality,  (cat:1.05), space, (icon:0.952)',
      negativePrompt: 'lowres, bad anatomy, \\(text\\), (error:1.103)',
      seed: 2253955223,
      steps: 50,
      guidanceScale: 10,
      strength: 0.4,
      sampler: 'euler-a',
    },
    missingModel: { name: 'Stable Diffusion 1D44365E' },
  }

  test('PNG texts, braces rewritten as weights', async () => {
    const report = await readPng(texts)
    expect(report).toMatchObject(expected)
    expect(report.translated.map(({ field }) => field)).toEqual(['prompt', 'negativePrompt', 'sampler'])
  })

  // NovelAI/novelai-image-metadata, nai_meta.py: the copy in the alpha channel's lowest bits, gzip JSON of all texts.
  test('the copy in the alpha channel, when the texts are gone', async () => {
    const payload = gzipSync(JSON.stringify(texts))
    const report = await read(plainPng, { readPixels: async () => stealth('stealth_pngcomp', payload, 97, 83) })
    expect(report).toMatchObject(expected)
    expect(report.problems).toEqual([])
  })

  // d3x-at/sd-parsers, tests/resources/automatic1111/automatic1111_stealth.png: extensions write the infotext itself, uncompressed.
  test('an infotext in the alpha channel', async () => {
    const payload = Buffer.from('a duck\nSteps: 15, Sampler: UniPC, CFG scale: 5, Seed: 7, Size: 64x64')
    const report = await read(plainPng, { readPixels: async () => stealth('stealth_pnginfo', payload, 40, 40) })
    expect(report).toMatchObject({ dialect: 'a1111', fields: { prompt: 'a duck', seed: 7 } })
  })

  test('hidden text that was cropped, bombed or is not there', async () => {
    const cropped = await read(plainPng, {
      readPixels: async () => stealth('stealth_pnginfo', Buffer.from('x'), 40, 40, 1_000_000),
    })
    expect(cropped.problems).toEqual([expect.stringContaining('cropped')])
    const bomb = await read(plainPng, {
      readPixels: async () => stealth('stealth_pngcomp', gzipSync(Buffer.alloc(30_000_000)), 600, 600),
    })
    expect(bomb.problems).toEqual([expect.stringContaining('more than')])
    const none = await read(plainPng, { readPixels: async () => ({ width: 2, height: 2, rgba: new Uint8Array(16) }) })
    expect(none.problems).toEqual(['The file holds no recipe'])
  })

  // V4 structure: fields of NovelAI's Comment since 2025 as documented by readers of it (v4_prompt.caption.base_caption and char_captions).
  test('V4, with characters, inside the EXIF of a WebP', async () => {
    const v4 = {
      prompt: 'library, 1.2::silver hair::, soft light',
      steps: 28,
      scale: 5,
      seed: 3141592653,
      width: 832,
      height: 1216,
      uc: 'lowres',
      sampler: 'k_euler_ancestral',
      noise_schedule: 'karras',
      cfg_rescale: 0.3,
      v4_prompt: {
        caption: {
          base_caption: 'library, 1.2::silver hair::, soft light',
          char_captions: [{ char_caption: 'girl', centers: [] }],
        },
      },
      v4_negative_prompt: { caption: { base_caption: 'lowres', char_captions: [] } },
    }
    const outer = JSON.stringify({
      Comment: JSON.stringify(v4),
      Software: 'NovelAI',
      Source: 'NovelAI Diffusion V4 37442FCA',
    })
    const report = await read(await webpWith(exifBlock({ order: 'be', userComment: asciiComment(outer) })))
    expect(report).toMatchObject({
      dialect: 'novelai',
      fields: {
        prompt: 'library, (silver hair:1.2), soft light',
        seed: 3141592653,
        width: 832,
        height: 1216,
        sampler: 'euler-a',
        schedule: 'karras',
        guidanceRescale: 0.3,
      },
    })
    expect(names(report.ignored)).toEqual(['Characters'])
  })
})

describe('Easy Diffusion', () => {
  // Keys and labels: easydiffusion/easydiffusion, ui/easydiffusion/utils/save_utils.py TASK_TEXT_MAPPING. Values: its API's default request.
  const request = {
    prompt: 'a photograph of an astronaut riding a horse',
    negative_prompt: '',
    seed: 4956576,
    use_stable_diffusion_model: 'sd-v1-4',
    clip_skip: false,
    use_vae_model: '',
    sampler_name: 'euler_a',
    width: 512,
    height: 512,
    num_inference_steps: 25,
    guidance_scale: 7.5,
  }
  const expected = {
    dialect: 'easydiffusion',
    fields: {
      prompt: 'a photograph of an astronaut riding a horse',
      seed: 4956576,
      steps: 25,
      guidanceScale: 7.5,
      width: 512,
      height: 512,
      sampler: 'euler-a',
    },
    missingModel: { name: 'sd-v1-4' },
    ignored: [],
  }

  test('each setting a PNG text, by keys or labels, or one JSON in EXIF', async () => {
    const keys = Object.fromEntries(Object.entries(request).map(([key, value]) => [key, String(value)]))
    expect(await readPng(keys)).toMatchObject(expected)
    const labels = {
      Prompt: request.prompt,
      'Negative Prompt': '',
      Seed: '4956576',
      'Stable Diffusion model': 'sd-v1-4',
      Sampler: 'euler_a',
      Width: '512',
      Height: '512',
      Steps: '25',
      'Guidance Scale': '7.5',
      'VAE model': 'None',
    }
    expect(await readPng(labels)).toMatchObject(expected)
    expect((await readPng({ ...labels, 'Seamless Tiling': 'xy' })).fields.tiling).toBe('xy')
    const exif = exifBlock({ order: 'be', userComment: unicodeComment(JSON.stringify(request), 'be') })
    expect(await read(await jpegWith(exif))).toMatchObject(expected)
  })
})

describe('Draw Things', () => {
  // Layout: receyuki/stable-diffusion-prompt-reader, format/drawthings.py; values from a reader's test on GitHub (XMP_DRAW_THINGS).
  test('JSON in the XMP', async () => {
    const json =
      '{"c":"a lighthouse, gouache","uc":"blurry","seed":5,"steps":20,"scale":4.5,"sampler":"DPM++ 2M Karras","model":"sd_xl_base_1.0_f16.ckpt","size":"1024x1024","strength":1}'
    const inside = `<exif:UserComment><rdf:Alt><rdf:li xml:lang="x-default">${json.replaceAll('"', '&quot;')}</rdf:li></rdf:Alt></exif:UserComment>`
    const report = await readPng({ 'XML:com.adobe.xmp': xmpPacket(inside) })
    expect(report).toMatchObject({
      dialect: 'drawthings',
      fields: {
        prompt: 'a lighthouse, gouache',
        negativePrompt: 'blurry',
        seed: 5,
        steps: 20,
        guidanceScale: 4.5,
        width: 1024,
        height: 1024,
        sampler: 'dpmpp-2m',
        schedule: 'karras',
      },
      missingModel: { name: 'sd_xl_base_1.0_f16.ckpt' },
    })
  })
})

/** RGBA pixels with text in the lowest alpha bits, down the columns: NovelAI/novelai-image-metadata, nai_meta_writer.py. */
function stealth(signature: string, payload: Buffer, width: number, height: number, claimedBits = payload.length * 8) {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(claimedBits)
  const bits = [...Buffer.concat([Buffer.from(signature), length, payload])].flatMap((byte) =>
    [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => (byte >> bit) & 1),
  )
  const rgba = new Uint8Array(width * height * 4).fill(255)
  bits.forEach((bit, at) => {
    rgba[((at % height) * width + Math.floor(at / height)) * 4 + 3] = 254 | bit
  })
  return { width, height, rgba }
}
