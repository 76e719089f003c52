/** What the figures in a checkpoint's header are called on the screen; their protocols say the rest. */

import { msg } from "../../messages.js";

/** By the name that `esvae evaluate --record` and `esvae fit-prior` write. @type {Record<string, string>} */
const TITLES = {
  mse: msg`squared error of reconstructions`,
  mmd_biased: msg`MMD of prior and encoder, biased`,
  mmd_unbiased: msg`MMD of prior and encoder, unbiased`,
  fad_published: msg`FAD of new pictures, published protocol`,
  fad: msg`FAD of new pictures, evaluation mode`,
  prior_fad_validation: msg`FAD of the fitted prior, validation images`,
  prior_mmd_validation: msg`MMD of the fitted prior, validation images`,
  psnr: msg`PSNR of reconstructions, dB`,
  mean_frame_psnr: msg`PSNR of the mean frame, dB`,
  mean_recording_psnr: msg`PSNR of the mean recording, dB`,
};
const SAMPLERS = { bernoulli: msg`random spikes`, systematic: msg`even spikes` };

/** A figure's name, and under which spikes it was measured, if it says so. @param {Metric} metric */
export function metricTitle({ name, protocol }) {
  const [, sampler] = /\b(bernoulli|systematic) sampling/.exec(protocol) ?? [];
  const title = TITLES[name] ?? name;
  return sampler ? `${title}, ${SAMPLERS[sampler]}` : title;
}
