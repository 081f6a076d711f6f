/** The networks of MelGan together, as they are trained. @module */
import type { MelGanHParams } from "../../hparams/mel_gan.ts";
import { Module } from "../nn/mod.ts";
import { MelGanDiscriminator } from "./discriminator.ts";
import { MelGanGenerator } from "./generator.ts";
import { PeriodDiscriminator } from "./period_discriminator.ts";

/** The generator, and what judges it. */
export class MelGanNetworks extends Module {
  /** Makes audio of log-mels. */
  readonly generator: MelGanGenerator;
  /** Judges audio at several rates. */
  readonly discriminator: MelGanDiscriminator;
  /** Judges what lies a period apart; null unless the hparams ask for it. */
  readonly periods: PeriodDiscriminator | null;

  /** Declares the networks; call `initialize`, or load each of them, before use. */
  constructor(readonly hparams: MelGanHParams) {
    super();
    this.generator = this.child("netG", new MelGanGenerator(hparams));
    this.discriminator = this.child("netD", new MelGanDiscriminator(hparams));
    this.periods = hparams.periodDiscriminator
      ? this.child("netP", new PeriodDiscriminator(hparams))
      : null;
  }

  /** The networks by the prefix of their keys in a checkpoint. */
  override get parts(): ReadonlyMap<string, Module> {
    const { generator, discriminator, periods } = this;
    return new Map<string, Module>([
      ["netG/", generator],
      ["netD/", discriminator],
      ...periods ? [["netP/", periods] as const] : [],
    ]);
  }
}
