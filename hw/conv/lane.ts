/** One channel of the convolution: taps, sum, result format, SiLU. */
import { bit, type Design, defineModule, input, output, sint, uint, unpack } from '../../gen/index.ts';
import { keep, roundTo } from '../lanes/rounding.ts';
import { silu, siluLeast } from '../nonlinear/index.ts';
import { reduceTree, roundShiftBy } from '../scan/arithmetic.ts';
import { biasBits, type ConvParameters, checkConv, mostArgumentShift, resultBits, scalingShape } from './parameters.ts';

const laneInterface = (p: ConvParameters) => {
  const { projectedBits, convWeightBits } = p.numerics.mixer;
  const { shift, argument_conv, result_x } = scalingShape();
  return {
    advance: input(bit, 'the pipeline moves in this cycle'),
    x: input(sint(projectedBits), 'the channel of this token'),
    history: input(uint((p.taps - 1) * projectedBits), 'of the tokens before, the oldest first'),
    taps: input(uint(p.taps * convWeightBits), 'the oldest first'),
    bias: input(sint(biasBits), 'in the unit of the products'),
    convolved: input(bit, '0: x goes to SiLU as it is'),
    shift: input(shift, 'of the sum, to the right'),
    argument: input(argument_conv, 'to 16 fraction bits, to the left'),
    result: input(result_x, 'from 16 fraction bits, to the right'),
    y: output(sint(resultBits(p)), 'SiLU'),
    conv_clamped: output(bit, 'the result of the convolution was clamped'),
    clamped: output(bit, 'y was clamped'),
  };
};

export interface ConvLane {
  readonly design: Design<ReturnType<typeof laneInterface>>;
  /** Cycles from the inputs to y and the flags. */
  readonly latency: number;
}

/** y = sat(round(silu(sat(round((bias + sum taps history, x) / 2^shift)) 2^argument) / 2^result)). */
export function convLane(p: ConvParameters): ConvLane {
  checkConv(p);
  const { projectedBits, convWeightBits, convBits, gateBits } = p.numerics.mixer;
  const { inputBits } = p.numerics.scan;
  let latency = 0;
  const design = defineModule(
    {
      name: `conv_lane_t${p.taps}`,
      doc: `One channel: ${p.taps} taps and bias, then SiLU.`,
      ports: laneInterface(p),
    },
    (m, io) => {
      const pipe = m.pipeline('lane', { enable: io.advance });
      const x = pipe.enter(io.x);
      const convolved = pipe.enter(io.convolved);
      const inputs = [...unpack(pipe.enter(io.history), projectedBits).map((v) => v.asSigned()), x];
      const taps = unpack(pipe.enter(io.taps), convWeightBits).map((v) => v.asSigned());
      m.comment('Convolution.');
      const products = taps.map((tap, k) => pipe.stage(`product_${k}`, tap.mul(inputs[k]!)));
      const sum = reduceTree(pipe, 'sum', [...products, pipe.stage('bias_q', pipe.enter(io.bias))], 2, (a, b) =>
        a.add(b),
      );
      const conv = roundTo(m, pipe, 'conv', sum, pipe.enter(io.shift), convBits);

      m.comment('SiLU of the result, or of the channel itself.');
      const width = Math.max(projectedBits, convBits);
      const chosen = pipe.join({ convolved, conv: conv.value, x }, (v) =>
        pipe.stage('chosen', v.convolved.mux(v.conv.ext(width), v.x.ext(width))),
      );
      const argument = pipe.join({ chosen, by: pipe.enter(io.argument) }, (v) =>
        pipe.stage('argument_q', v.chosen.shiftLeft(v.by, width + mostArgumentShift)),
      );
      const activated = silu(m, pipe, argument, io.advance);
      const at = pipe.latency(activated) + 2;
      const rounded = pipe.join({ activated, by: pipe.enter(io.result) }, (v) =>
        pipe.stage('y_rounded_q', roundShiftBy(m, v.activated, v.by, 'y')),
      );
      const least = { least: siluLeast };
      const [input, gate] = [keep(m, rounded, inputBits, 'input', least), keep(m, rounded, gateBits, 'gate', least)];
      const bits = resultBits(p);
      const ofGate = { value: gate.value.ext(bits), clamped: gate.clamped };
      const y = pipe.stage(
        'y',
        pipe.at(convolved, at - 1).mux({ value: input.value.ext(bits), clamped: input.clamped }, ofGate),
      );
      io.y.drive(y.value);
      io.clamped.drive(y.clamped);
      io.conv_clamped.drive(pipe.at(convolved, at).and(pipe.at(conv.clamped, at)));
      latency = at;
    },
  );
  return { design, latency };
}
