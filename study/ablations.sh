#!/usr/bin/env bash
# `study/ablations.sh WORK DEIT.safetensors`: the study's ablations, each beside a reference of the same small budget:
# slices alone, views of 112 pixels, four epochs, from ImageNet's tower. WORK is what study/prepare.ts made, with folds/ by `spicula split`.
# Two processes train a fold each. Killed, the same command goes on where it stopped.
set -euo pipefail
work=${1:?WORK} deit=${2:?DEIT.safetensors}
export work
node scripts/build.mjs
[ -d "$work/base112" ] || npm run -s study -- study/start.ts "$deit" "$work/base112" --resolution 112 --layers 8

# NAME FOLD SETTINGS...
train() {
  local out="$work/ablation-$1" fold=$2
  shift 2
  local resume=()
  if [ -f "$out/run.json" ]; then resume=(--resume); fi
  node dist/cli/main.js train "$work/slices.csv" --base "$work/base112" --folds "$work/folds" --out "$out" --quiet \
    --config study/train.yaml --fold "$fold" --threads 1 --workers 1 "${resume[@]}" \
    --set start=base imageRate=0.3 epochs=4 batchSize=16 learningRate=0.0004 views=axial "$@"
}
export -f train
for fold in 0 1 2 3 4; do
  echo reference $fold
  echo no-clip $fold lossWeights.clip=0
done > "$work/ablations.txt"
for fold in 0 1; do
  echo more-image $fold lossWeights.image=8
  echo lora $fold tuning=lora alsoFull=[text]
  echo no-text-head $fold lossWeights.text=0
  echo probe $fold tuning=probe alsoFull=[text]
done >> "$work/ablations.txt"
xargs -P 2 -L 1 bash -c 'train "$@"' train < "$work/ablations.txt"
npm run -s study -- study/judge.ts "$work/slices.csv" "$work/folds" --one-image \
  "$work"/ablation-{reference,no-clip,more-image,lora,probe,no-text-head}
