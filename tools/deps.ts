/** Packages of the development programs, outside the library's imports. @module */
export { default as asc } from "npm:assemblyscript@0.28.20/asc";
