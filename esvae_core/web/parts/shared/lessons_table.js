/**
 * The lessons that come with the project. Each link opens a model that comes with it, too; tests/app/test_lessons.py holds
 * what the sentences say against the models.
 */

import { msg } from "../../messages.js";

/** @type {Lesson[]} */
export const LESSONS = [
  {
    id: "bar",
    title: msg`What a bar does`,
    text: msg`Drag the first bar slowly up and down: its row of spikes fills and empties, and the picture follows. The five small pictures below the bars show the whole range at once.`,
    link: "2~mnist-poisson~t4703~b16~7~e~k16x128.eGEAQeRwHpA053rg4qggHAw1wgxwAAMZYDtQQAxAg-Chte9YnBaJkIQYaATOTBaVlMAIDJfBkHlAoDWEC4y4BM1kGPUVxTHeZBnmGt0GqbA~lesson:bar",
  },
  {
    id: "noise",
    title: msg`What noise costs`,
    text: msg`These rates get only four time steps, so that every random draw of spikes gives another picture: press Keep redrawing. Then choose Even, or raise the time steps T, and the picture settles.`,
    link: "2~mnist-poisson~t3577~b4~7~e~k16x128.ZArRJAUiQPSyC0lg8RYQGowIPgs0AFgsIAAQpylQWeBlNXBi2rW040NOtylLgdrBiKZKlEgqEFwgx8EwfACglBBL4QUc8FjVAwTpIoyDQUQ~lesson:noise",
  },
  {
    id: "spike",
    title: msg`One spike's worth`,
    text: msg`One spike out of about 1,100 was turned, the one in the frame, whose turning changes the picture most. The picture named difference shows how little even it is worth; Undo all edits takes it back.`,
    link: "2~mnist-poisson~t9428~b16~7~e~k16x128.ANBnlS2ACwgsDFqSmAgJA9hzLKBIIIOAEGwaRbQFhBZUFOFDyKRCEINaEiUohBKjDKBUILBBBDFWEJoESwYFIMtizlEtEGKcUUIPaxykASA~flips:s16p,lesson:spike",
  },
  {
    id: "eight",
    title: msg`A 3 becomes an 8`,
    text: msg`The rates of a 3 were moved along the control “more like class 8” until the decoder draws an 8. The orange marks are the rates of the 3: drag some bars back to them, or press Reset for all.`,
    link: "2~mnist-poisson~t2008~b16~7~e~r.AABqQhSZtACqPEJfAACzjwAPKXAWlYEOdVe0AGK8RmNSi1OdHq2txhtXbsBUw2smAAAU6bLAjtIDzq9iDQatuBqMZAFP8rQAUFM5B5pMQbiAy1QBKL0Sh0KwKjmzWLBIpOetq6c0BO5vDCPPl9gAf4d_DvWQRK3eSM60AHBJgi9j72jQl9kHKzE1rx5s2TKPbr4c-5UMEwS0AFK7kKVgFnrMtACo_RgUnQI-6Jver6BEhmCBj2grToS5OWafkCXHIigkcC2otACk9FkgXUwvE1AzqahcCQqSqLFuTwAAtACeMGaYJJW0AAtAeeWuaKEhmmdspLQAfDoBqoZpJjI5ow~lesson:eight",
  },
  {
    id: "leave",
    title: msg`Leave the data`,
    text: msg`Each rate is that of some real image, but all from different ones, and the picture is no digit. The distance from real images says so; Reset leads back, Random leaves again.`,
    link: "2~mnist-poisson~t485~b16~7~e~k16x128.CtT1sg8EFOIYj0NcAanDhB5oCA5ICLegIhIaQKFQI9SFOQQiBQLBDiNOAxiCGkqBOUBLzCBB6zLGQakJWMTxHfACxpWKA2uOgTQGhCBzkOk~lesson:leave",
  },
  {
    id: "taught",
    title: msg`A neuron that was taught`,
    text: msg`This model was trained so that its first neurons stand for shape, scale, orientation, place and colour, and those bars carry the names. Drag the bar x or y and see the figure move; in other models no single bar does one thing alone.`,
    link: "2~sprites-taught~t474~s16~7~i~k16x64.AwRSvGlJDmShBznUdBzJQVJynWYhTEKYpSFIYxClMYxSmKUxSmMUxg~lesson:taught",
  },
];
