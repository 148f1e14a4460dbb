// What wrote a file, as its metadata says. The version is package.json's, which a test holds it to: what reaches a browser cannot
// read that file.

export const PROGRAM = 'Dewpoint 0.1.0'
