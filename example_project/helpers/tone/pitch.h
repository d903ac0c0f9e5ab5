/* Frequency in hertz of a note, counted in semitones above A4. */
double pitch(int note);
