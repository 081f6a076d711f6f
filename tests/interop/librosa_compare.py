"""Compares with librosa what librosa.ts wrote.

Usage: python3 tests/interop/librosa_compare.py DIR FILE.wav...
"""

import sys

import librosa
import numpy as np
from safetensors.numpy import load_file

N_FFT, HOP, MAX_SECONDS = 1024, 256, 10


def stft(audio, padding):
    if padding == "none":
        padded = np.pad(audio, (N_FFT - HOP) // 2, mode="reflect")
        return librosa.stft(padded, n_fft=N_FFT, hop_length=HOP, center=False)
    mode = "reflect" if padding == "centerReflect" else "constant"
    return librosa.stft(audio, n_fft=N_FFT, hop_length=HOP, pad_mode=mode)


def show(name, ours, theirs):
    theirs = np.asarray(theirs)
    assert ours.size == theirs.size, (name, ours.size, theirs.shape)
    difference = np.abs(ours.reshape(theirs.shape) - theirs)
    print(f"  {name:28} max {difference.max():.2e}  mean {difference.mean():.2e}  largest {np.abs(theirs).max():.3g}")


def convergence(wanted, audio):
    got = np.abs(stft(audio, "centerZero"))
    return np.linalg.norm(wanted - got) / np.linalg.norm(wanted)


def compare(ours, audio):
    for padding in ("none", "centerReflect", "centerZero"):
        spectrum = ours[f"stft/{padding}/re"] + 1j * ours[f"stft/{padding}/im"]
        show(f"STFT {padding}", spectrum, stft(audio, padding).T)
    melgan = librosa.filters.mel(sr=22050, n_fft=N_FFT, n_mels=80)
    vae = librosa.filters.mel(sr=22500, n_fft=N_FFT, n_mels=256, fmin=0.0, fmax=8000.0)
    show("filterbank upstream-melgan", ours["filterbank/upstream-melgan"], melgan)
    show("filterbank upstream-vae", ours["filterbank/upstream-vae"], vae)
    log_mel = np.log10(np.maximum(melgan @ np.abs(stft(audio, "none")), 1e-5))
    show("log-mel upstream-melgan", ours["log_mel/upstream-melgan"], log_mel.T)
    log_mel = (np.log(np.maximum(vae @ np.abs(stft(audio, "centerZero")), 1e-5)) + 5) / 5
    show("log-mel upstream-vae", ours["log_mel/upstream-vae"], log_mel.T)

    spectrum = stft(audio, "centerZero")
    show("inverse STFT", ours["istft"], librosa.istft(spectrum, hop_length=HOP))
    magnitude = np.abs(spectrum)
    mel = melgan @ magnitude
    theirs = librosa.feature.inverse.mel_to_stft(mel, sr=22050, n_fft=N_FFT, power=1.0)
    inverted = ours["inversion"].reshape(theirs.T.shape).T
    residuals = [np.linalg.norm(melgan @ x - mel) / np.linalg.norm(mel) for x in (inverted, theirs)]
    errors = [np.linalg.norm(x - magnitude) / np.linalg.norm(magnitude) for x in (inverted, theirs)]
    print(f"  inversion residual            ours {residuals[0]:.2e}  librosa {residuals[1]:.2e}")
    print(f"  inversion error of magnitude  ours {errors[0]:.4f}  librosa {errors[1]:.4f}")
    for rounds in (32, 100):
        found = convergence(magnitude, ours[f"griffin_lim/{rounds}"])
        runs = [
            convergence(magnitude, librosa.griffinlim(magnitude, n_iter=rounds, hop_length=HOP, random_state=seed))
            for seed in range(3)
        ]
        print(f"  Griffin-Lim {rounds:3}, convergence  ours {found:.4f}  librosa {min(runs):.4f}..{max(runs):.4f}")


folder, *files = sys.argv[1:]
for i, file in enumerate(files):
    audio, _ = librosa.load(file, sr=None, duration=MAX_SECONDS)
    print(file)
    compare(load_file(f"{folder}/{i}.safetensors"), audio)
