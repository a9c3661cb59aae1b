#!/usr/bin/env bash
# `study/ablations.sh WORK DEIT.safetensors`: the study's ablations, each beside a reference of the same small budget:
# slices alone, views of 112 pixels, four epochs. WORK is what study/prepare.ts made, with folds/ by `spicula split`.
# Two processes train two folds at a time. Killed, the same command goes on where it stopped.
set -euo pipefail
work=${1:?WORK} deit=${2:?DEIT.safetensors}
spicula="node dist/cli/main.js"
study="npm run -s study --"
node scripts/build.mjs
[ -d "$work/base112" ] || $study study/start.ts "$deit" "$work/base112" --resolution 112 --layers 8

# NAME FOLDS -- SETTINGS: trains, one process for the even folds and one for the odd ones.
train() {
  local name=$1 folds=$2; shift 3
  local out="$work/ablation-$name" lists=("" "") fold resume
  for fold in $folds; do lists[fold % 2]+=" $fold"; done
  for list in "${lists[@]}"; do
    [ -n "$list" ] || continue
    resume=$([ -f "$out/run.json" ] && echo --resume || true)
    $spicula train "$work/slices.csv" --base "$work/base112" --folds "$work/folds" --out "$out" --quiet \
      --config study/train.yaml --fold $list --threads 1 --workers 1 $resume \
      --set epochs=4 batchSize=16 learningRate=0.0004 "$@" &
    sleep 5 # the first of two begins the folder, the second joins it
  done
  wait
}
train reference "0 1 2 3 4" -- views=axial
train no-clip "0 1 2 3 4" -- views=axial lossWeights.clip=0
train lora "0 1 2 3 4" -- views=axial tuning=lora alsoFull='[text]'
train probe "0 1" -- views=axial tuning=probe alsoFull='[text]'
train no-text-head "0 1" -- views=axial lossWeights.text=0
train fixed-texts "0 1" -- views=axial texts=fixed
$study study/judge.ts "$work/slices.csv" "$work/folds" "$work"/ablation-{reference,no-clip,lora,probe,no-text-head,fixed-texts}
