#!/usr/bin/env bash
# Makes seeds for the fuzz targets in fuzz/corpus from the test data. Needs a release build: cargo build --release
set -euo pipefail
cd "$(dirname "$0")/.."
fewbit=target/release/fewbit
mkdir -p fuzz/corpus/{nnp,nntxt,hdf5,settings,nnb,model,tflite}
for case in testdata/reference/functions/*/; do
    name=$(basename "$case")
    cp "$case/net.nnp" "fuzz/corpus/nnp/$name"
    "$fewbit" convert -d nnb_3 "$case/net.nnp" "fuzz/corpus/nnb/$name.nnb" 2>/dev/null || continue
    cp "fuzz/corpus/nnb/$name.nnb" fuzz/corpus/model/
done
for network in binary_mlp mlp_regression mixed lenet; do
    for settings in testdata/reference/networks/$network/*/settings.yaml; do
        variant=$network-$(basename "$(dirname "$settings")")
        cp "$settings" "fuzz/corpus/settings/$variant"
        "$fewbit" convert -d nnb_3 -s "$settings" "testdata/reference/networks/$network/net.nnp" "fuzz/corpus/nnb/$variant.nnb" 2>/dev/null || continue
        cp "fuzz/corpus/nnb/$variant.nnb" fuzz/corpus/model/
    done
    unzip -p "testdata/reference/networks/$network/net.nnp" '*.nntxt' > "fuzz/corpus/nntxt/$network" || true
    unzip -p "testdata/reference/networks/$network/net.nnp" '*.h5' > "fuzz/corpus/hdf5/$network" || true
done
# Files of one operator each, behind each other in one archive.
unzip -p testdata/tflite/operators.zip index.txt | while read -r path start length; do
    [[ $path == */model.tflite ]] || continue
    name=$(tr / _ <<< "${path%/model.tflite}")
    unzip -p testdata/tflite/operators.zip blobs.bin | tail -c +$((start + 1)) | head -c "$length" > "fuzz/corpus/tflite/$name" || true
done
cp testdata/tflite/kws_int8.tflite fuzz/corpus/tflite/
