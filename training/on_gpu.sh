#!/usr/bin/env bash
# Trains what ships on one GPU in seven minutes: the autoencoder; the U-Net with the text encoder, and the judge beside them; then the few-step student.
#   training/on_gpu.sh DATA OUT
# DATA holds sprites.pack, frozen.pt (`python -m dewpoint_training freeze`) and, to score reconstructions on, held/; decoded sprites and painted backgrounds
# are kept there. Every stage gets ready while the one before it trains, ends by the clock and logs as it goes. DEVICE=cpu tries it all in small.
set -uo pipefail
cd "$(dirname "$0")"
data=$1 out=$2
export PYTHONPATH=$PWD${PYTHONPATH:+:$PYTHONPATH} PYTHONUNBUFFERED=1 PYTHONWARNINGS=ignore TOKENIZERS_PARALLELISM=false
device=${DEVICE:-cuda} workers=${WORKERS:-8}
vae_minutes=${VAE_MINUTES:-1.4} unet_minutes=${UNET_MINUTES:-3.8} judge_minutes=${JUDGE_MINUTES:-1.4} student_minutes=${STUDENT_MINUTES:-0.85}
stage() { python3 -m dewpoint_training "$@" --data "$data" --device "$device"; }
say() { echo "[$SECONDS s] $*"; }
mkdir -p "$out" "$data"

say "autoencoder, $vae_minutes minutes"
stage train-vae --out "$data/vae.pt" --held "$data/held" --minutes "$vae_minutes" --workers 4 ${VAE_SET:-} 2>&1 &
vae=$!
sleep "${READY_AFTER:-25}" # by then it has painted the backgrounds all others read
stage train-unet --run "$out/unet" --minutes "$unet_minutes" --workers "$workers" ${UNET_SET:---set compile=true} 2>&1 &
unet=$!
wait $vae
say "judge, $judge_minutes minutes"
stage train-detector --out "$data/detector.pt" --minutes "$judge_minutes" --workers 3 ${JUDGE_SET:-} >"$out/judge.log" 2>&1 &
judge=$!
sleep "$(python3 -c "print(max(0, 60 * ($unet_minutes - 0.4)))")"
stage distill --checkpoint "$out/unet/final.pt" --run "$out/fast" --minutes "$student_minutes" --workers 3 ${STUDENT_SET:-} 2>&1 &
student=$!
wait $unet
say 'student'
wait $student
wait $judge || say 'the judge failed'
tail -n 2 "$out/judge.log"
say done
