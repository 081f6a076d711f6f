/**
 * A recurrent network over piano events, steered by note density and pitch classes: what PerformanceRnn and
 * PerformanceRnnAttentive share. @module
 */
import { type Tensor, type Tensor1D, type Tensor2D, type Tensor3D, tf } from "../../deps/tf.ts";
import { ticksOf, vocabularyOf } from "../../datatools/midi/events.ts";
import type { Performance } from "../../datatools/results/performance.ts";
import type { PerformanceRnnHParams } from "../../hparams/performance_rnn.ts";
import type { EventModelId, HParamsOf } from "../../hparams/registry.ts";
import { type LoadOptions, openCheckpoint } from "../checkpoint.ts";
import { type GruDecodeAttention, type GruDecodeNetwork, openBackend } from "../device/mod.ts";
import {
  checkShape,
  crossEntropyPerRow,
  Embedding,
  Gru,
  inferencePass,
  Linear,
  Module,
  type Pass,
  tidy,
  xavierNormal,
  zeros,
} from "../nn/mod.ts";
import type {
  ControlTrack,
  DecodingStart,
  EventDecoder,
  EventInput,
  EventModel,
  EventOutput,
  EventState,
} from "./event_model.ts";
import { GruDecoder } from "./gru_decoder.ts";
import type { GenerateOptions } from "./options.ts";
import { generatePerformances } from "./performances.ts";

/** Slope of the input layer's LeakyReLU below 0. */
const INPUT_SLOPE = 0.1;

/** What the GRU reads at each step, and what is remembered of the inputs for later ones. */
export interface MixedInput {
  /** [time, batch, hiddenDim] */
  readonly x: Tensor3D;
  /** As in `EventState`. */
  readonly past: Tensor3D | null;
}

/** The network, from events and controls to the logits of the next event. */
export abstract class EventRnn extends Module implements EventModel {
  /** The event that stands before the first one. */
  readonly primaryEvent: number;
  readonly #initFc: Linear;
  readonly #embedding: Embedding;
  readonly #inputFc: Linear;
  readonly #gru: Gru;
  readonly #outputFc: Linear;

  /** Declares the network; call `initialize` or `loadStateDict` before use. */
  constructor(readonly hparams: PerformanceRnnHParams) {
    super();
    const { initDim, eventDim, controlDim, hiddenDim, gruLayers, gruDropout } = hparams;
    const init = { weight: xavierNormal, bias: zeros };
    this.primaryEvent = eventDim - 1;
    this.#initFc = this.child("inithid_fc", new Linear(initDim, gruLayers * hiddenDim, init));
    this.#embedding = this.child(
      "event_embedding",
      new Embedding(eventDim, eventDim, xavierNormal),
    );
    const inputFc = new Linear(eventDim + 1 + controlDim, hiddenDim, { weight: xavierNormal });
    this.#inputFc = this.child("concat_input_fc", inputFc);
    this.#gru = this.child("gru", new Gru(hiddenDim, hiddenDim, gruLayers, gruDropout));
    this.#outputFc = this.child("output_fc", new Linear(gruLayers * hiddenDim, eventDim, init));
  }

  /** What the GRU reads of the inputs `x` [time, batch, hiddenDim] after those in `past`. */
  protected abstract mix(x: Tensor3D, past: Tensor3D | null, pass: Pass): MixedInput;

  /** The same for a decoding on the device; undefined where the GRU reads the inputs as they are. */
  protected abstract decodeAttention(): GruDecodeAttention | undefined;

  /**
   * Turns latents into the states of the GRU before the first step.
   *
   * @param init [batch, initDim], drawn from N(0, 1)
   * @returns [layers, batch, hiddenDim]
   */
  initToHidden(init: Tensor2D): Tensor3D {
    const { initDim, hiddenDim, gruLayers, upstreamInitToHidden } = this.hparams;
    checkShape("EventRnn.initToHidden(init)", init, ["batch", initDim]);
    return tf.tidy(() => {
      const flat = tf.tanh(this.#initFc.forward(init));
      // Upstream quirk: states of one item come from the latents of others; performance_rnn_test.ts pins it
      if (upstreamInitToHidden) return tf.reshape(flat, [gruLayers, init.shape[0], hiddenDim]);
      const perItem = tf.reshape(flat, [init.shape[0], gruLayers, hiddenDim]);
      return tf.transpose(perItem, [1, 0, 2]) as Tensor3D;
    });
  }

  /** Turns latents [batch, initDim] into where the network stands before the first step. */
  startState(latent: Tensor2D): EventState {
    return { hidden: this.initToHidden(latent), past: null };
  }

  /**
   * Reads a whole sequence of events.
   *
   * @returns The logits of the event after each step, and the state after the last one
   * @throws {TypeError} If a shape differs
   */
  forward({ events, controls, state }: EventInput, pass: Pass): EventOutput {
    checkShape("EventRnn.forward(events)", events, ["time", "batch"]);
    const [time, batch] = events.shape;
    if (controls) {
      const axes = [time, batch, this.hparams.controlDim];
      checkShape("EventRnn.forward(controls)", controls, axes);
    }
    return tidy(() => {
      const input = tf.leakyRelu(
        this.#inputFc.forward(this.#concatInput(events, controls)),
        INPUT_SLOPE,
      );
      const { x, past } = this.mix(input, state.past, pass);
      const states = this.#gru.forward(x, state.hidden, pass);
      const logits = this.#outputFc.forward(tf.concat(states, 2)); // every layer's state, not the top one alone
      const last = states.map((layer) => tf.slice(layer, [time - 1, 0, 0], [1, batch, -1]));
      return { logits, state: { hidden: tf.concat(last, 0), past } };
    });
  }

  /**
   * Reads a sequence as it was played: the input of each step is the true event before it.
   *
   * @param init [batch, initDim]
   * @param events [time, batch] int32, the events to predict
   * @returns logits [time, batch, eventDim]
   */
  teacherForced(init: Tensor2D, events: Tensor2D, controls: Tensor3D | null, pass: Pass): Tensor3D {
    return tf.tidy(() => {
      const input = this.precedingEvents(events);
      return this.forward({ events: input, controls, state: this.startState(init) }, pass).logits;
    });
  }

  /** The event before each of `events` [time, batch] int32: the primary event, then all but the last. */
  precedingEvents(events: Tensor2D): Tensor2D {
    const [time, batch] = events.shape;
    return tf.tidy(() => {
      const first = tf.fill([1, batch], this.primaryEvent, "int32") as Tensor2D;
      return tf.concat([first, tf.slice(events, [0, 0], [time - 1, batch])], 0);
    });
  }

  /**
   * Cross entropy of every event in nats.
   *
   * @param logits [time, batch, eventDim]
   * @param events [time, batch] int32
   * @returns [time, batch]
   */
  lossPerEvent(logits: Tensor3D, events: Tensor2D): Tensor2D {
    return tf.tidy(() => {
      const rows = tf.reshape(logits, [-1, this.hparams.eventDim]) as Tensor2D;
      return tf.reshape(crossEntropyPerRow(rows, tf.reshape(events, [-1])), events.shape);
    });
  }

  /** The logits [batch, eventDim] and the state after one more event; `last` is [batch]. */
  inference(last: Int32Array, controls: Tensor3D | null, state: EventState): {
    logits: Tensor2D;
    state: EventState;
  } {
    return tidy(() => {
      const events = tf.tensor2d(last, [1, last.length], "int32");
      const next = this.forward({ events, controls, state }, inferencePass);
      const logits = tf.reshape(next.logits, [last.length, -1]) as Tensor2D;
      return { logits, state: next.state };
    });
  }

  /** Begins a composition; reads the weights as they are now. */
  decoder(start: DecodingStart): EventDecoder {
    return new GruDecoder(this.#decodeNetwork(start.controls), start);
  }

  /**
   * Composes a piece.
   *
   * @example
   * ```ts ignore
   * using rnn = await PerformanceRnn.load("pretrained");
   * const piece = await rnn.generate({ seconds: 30, key: "C:maj", density: 4, seed: 7 });
   * await Deno.writeFile("out.mid", piece.toMidi());
   * ```
   * @throws {RangeError} If an option is out of range
   */
  async generate(options: GenerateOptions = {}): Promise<Performance> {
    const [piece] = await generatePerformances(this, { ...options, count: 1 });
    return piece!;
  }

  /** Composes `options.count` pieces at once, each from its own latent and draws. */
  generateMany(options: GenerateOptions & { readonly count: number }): Promise<Performance[]> {
    return generatePerformances(this, options);
  }

  /** The input layer is affine, so what an event and a row of controls add to it are tables. */
  #decodeNetwork(controls: ControlTrack | null): GruDecodeNetwork {
    const { eventDim, controlDim, codec } = this.hparams, { weight, bias } = this.#inputFc;
    const vocabulary = vocabularyOf(codec);
    const tables = tf.tidy(() => {
      const parts = tf.split(weight.value as Tensor2D, [eventDim, 1, controlDim], 1);
      const [ofEvents, ofFlag, ofControls] = parts as [Tensor2D, Tensor2D, Tensor2D];
      const added = controls
        ? tf.matMul(
          tf.tensor2d(controls.rows, [controls.ticks.length, controlDim]),
          ofControls,
          false,
          true,
        )
        : tf.transpose(ofFlag);
      const ticks = Int32Array.from({ length: eventDim }, (_, event) => ticksOf(event, vocabulary));
      return {
        eventTable: tf.matMul<Tensor2D>(this.#embedding.weight.value, ofEvents, false, true),
        controlTable: tf.add(added, bias.value) as Tensor2D,
        rowTicks: tf.tensor1d(controls?.ticks ?? [0], "int32"),
        eventTicks: tf.tensor1d(ticks, "int32"),
      };
    });
    return {
      ...tables,
      slope: INPUT_SLOPE,
      attention: this.decodeAttention(),
      layers: this.#gru.layers.map(({ weightIh, weightHh, biasIh, biasHh }) => ({
        weightIh: weightIh.value as Tensor2D,
        weightHh: weightHh.value as Tensor2D,
        biasIh: biasIh.value as Tensor1D,
        biasHh: biasHh.value as Tensor1D,
      })),
      outputWeight: this.#outputFc.weight.value as Tensor2D,
      outputBias: this.#outputFc.bias.value as Tensor1D,
    };
  }

  #concatInput(events: Tensor2D, controls: Tensor3D | null): Tensor3D {
    const [time, batch] = events.shape;
    const { controlDim } = this.hparams;
    const flag = controls ? tf.zeros([time, batch, 1]) : tf.ones([time, batch, 1]);
    const given: Tensor = controls ?? tf.zeros([time, batch, controlDim]);
    return tf.concat([this.#embedding.forward(events), flag, given], 2) as Tensor3D;
  }
}

/**
 * Loads a checkpoint of `model` into what `make` builds, opening a backend if none is open.
 *
 * @throws {CheckpointError} If it is a checkpoint of another model or damaged
 */
export async function loadEventRnn<M extends EventModelId, R extends EventRnn>(
  model: M,
  make: new (hparams: HParamsOf[M]) => R,
  where: string | URL,
  options: LoadOptions,
): Promise<R> {
  const { hparams, state, name } = await openCheckpoint(model, where);
  await openBackend(options.backend, options);
  return new make(hparams).loadStateDict(state, name);
}
