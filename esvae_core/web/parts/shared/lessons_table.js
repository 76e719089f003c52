/**
 * The lessons that come with the project. Each link opens a model that comes with it, too; tests/app/test_lessons.py holds
 * what the sentences say against the models.
 */

/** @type {Lesson[]} */
export const LESSONS = [
  {
    id: "bar",
    title: "What a bar does",
    text: "Drag the first bar slowly up and down: its row of spikes fills and empties, and the picture follows. The five small pictures below the bars show the whole range at once.",
    link: "2~mnist-poisson~t4703~b16~7~e~k16x128.eGEAQeR4HoA45nKg0yggHApFwgx4AAKZYiwQQBBAg-CiMg9YXCYVsIQYOATvRBSWEOAIDJhBkIDAwDGFA4y3gMxsGNUVxTqec5XmGt0GJZA~lesson:bar",
  },
  {
    id: "noise",
    title: "What noise costs",
    text: "These rates get only four time steps, so that every random draw of spikes gives another picture: press Keep redrawing. Then choose Even, or raise the time steps T, and the picture settles.",
    link: "2~mnist-poisson~t3577~b4~7~e~k16x128.bArhJAUaAPSx61Dg8hYQIswIPgs7wFgkIAASxylQYeBltTBi2pYwwzuMqDFLghrBhMdKlEgqEFwg2EEQdADADBBMIQWY8FiXAoDqGoyTQSQ~lesson:noise",
  },
  {
    id: "spike",
    title: "One spike's worth",
    text: "A single spike out of about 1,100 was switched, everything else is as it was drawn. The picture named difference shows how little one is worth; Undo all edits takes it back.",
    link: "2~mnist-poisson~t9428~b16~7~e~k16x128.ANBoFS2ADQgwC2KSqAgIA5pyqKFIIJOAEHQaNTgFhBhTkMA7yKRCEIMcEi0IhBKzEKBT4LBA4zGWABoESsIFGOtijnGtEGKccUIQaxyTgQA~flips:s1b3,lesson:spike",
  },
  {
    id: "eight",
    title: "A 3 becomes an 8",
    text: "The rates of a 3 were moved along the control “more like 8” until the decoder draws an 8. The orange marks are the rates of the 3: drag some bars back to them, or press Reset for all.",
    link: "2~mnist-poisson~t4818~b16~7~e~k16x128.AkcGiAAsABSVBVhGp4RnA5sApG872waMTilS4YoMggpoQAAwjwDBAgNeQC1ESBRkjc1MFnUED0wSB6yOEZsCsSgLwBYAjRKEMxHGSJyTKMY~lesson:eight",
  },
  {
    id: "leave",
    title: "Leave the data",
    text: "Each rate is that of some real image, but all from different ones, and the picture is no digit. The distance from real images says so; Reset leads back, Random leaves again.",
    link: "2~mnist-poisson~t485~b16~7~e~k16x128.guAIQaMECHgkIEBYBITrZBiUQKAokEBBEGgg5jgnQAzIGAhAEKUZcAlAwkAGg4oECWoJGDAN4DKSQB0PAYCgCOVBGGAxw4Ladp4GcUcGAII~lesson:leave",
  },
  {
    id: "taught",
    title: "A neuron that was taught",
    text: "This model was trained so that its first neurons stand for shape, scale, orientation, place and colour, and those bars carry the names. Drag the bar x or y and see the figure move; in other models no single bar does one thing alone.",
    link: "2~sprites-taught~t474~s16~7~i~k16x32.AwRCvAhAzHYlJjpYhBipYNKCnYc~lesson:taught",
  },
];
