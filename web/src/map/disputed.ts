/**
 * Lines and places about which states say different things. Each is coarse, dashed and carries both claims as text; no
 * line here says where a border is. Sources stand in docs/picture.md.
 */
import { say } from "../words";

export interface Disputed {
  name: () => string;
  claims: () => string;
  /** Longitude and latitude: a line, or one point for what has no line that could be drawn */
  at: [number, number][];
}

export const DISPUTED: Disputed[] = [
  {
    name: () => say("Crimea"),
    claims: () => say("Ukraine: its territory. Russia: its territory since 2014."),
    at: [[33.1, 46.13], [33.6, 46.14], [33.8, 46.21], [34.4, 46.02], [34.8, 45.9], [35.05, 45.65]],
  },
  {
    name: () => say("Donetsk, Luhansk, Zaporizhzhia, Kherson"),
    claims: () => say("Ukraine: its territory. Russia: its territory since 2022."),
    at: [[37.3, 47.6]],
  },
  {
    name: () => say("Kosovo"),
    claims: () => say("Kosovo: independent since 2008. Serbia: its province."),
    at: [[20.07, 42.77], [20.35, 42.89], [20.65, 43.22], [20.86, 43.22], [21.15, 42.98], [21.4, 42.85], [21.77, 42.65], [21.58, 42.25]],
  },
  {
    name: () => say("Cyprus, buffer zone"),
    claims: () => say("Cyprus: one republic on the whole island. In the north: a separate state, which Türkiye recognises."),
    at: [[32.6, 35.18], [32.98, 35.13], [33.36, 35.17], [33.68, 35.05], [33.95, 35.07]],
  },
  {
    name: () => say("Abkhazia"),
    claims: () => say("Georgia: its territory. Abkhazia: independent, which Russia recognises."),
    at: [[41.56, 42.39], [41.75, 42.6], [42.0, 42.85], [42.56, 43.15]],
  },
  {
    name: () => say("South Ossetia"),
    claims: () => say("Georgia: its territory. South Ossetia: independent, which Russia recognises."),
    at: [[43.5, 42.55], [43.8, 42.2], [44.1, 42.1], [44.5, 42.25], [44.6, 42.7]],
  },
  {
    name: () => say("Transnistria"),
    claims: () => say("Moldova: its territory. Transnistria: independent."),
    at: [[28.85, 48.13], [29.2, 47.75], [29.15, 47.45], [29.35, 47.05], [29.6, 46.75], [29.9, 46.4]],
  },
  {
    name: () => say("Golan"),
    claims: () => say("Syria: its territory. Israel: its territory since 1981. A line of separation is watched by the United Nations."),
    at: [[35.82, 33.32], [35.87, 33.1], [35.87, 32.95], [35.8, 32.74]],
  },
  {
    name: () => say("West Bank, line of 1949"),
    claims: () => say("Palestine: its territory. Israel: status to be agreed. The armistice line of 1949."),
    at: [[35.55, 32.39], [35.3, 32.53], [35.02, 32.45], [34.98, 31.95], [35.2, 31.75], [34.95, 31.55], [34.9, 31.35], [35.2, 31.37], [35.45, 31.48]],
  },
  {
    name: () => say("Western Sahara"),
    claims: () => say("Morocco: its territory. Sahrawi Republic: its territory. The United Nations: not self-governing."),
    at: [[-13.17, 27.67], [-8.67, 27.67]],
  },
  {
    name: () => say("Kashmir, line of control"),
    claims: () => say("India and Pakistan: each claims the land on both sides."),
    at: [[74.35, 32.75], [74.0, 33.2], [73.98, 33.75], [74.1, 34.1], [73.9, 34.5], [74.7, 34.75], [75.8, 34.55], [76.5, 34.75], [77.0, 35.05]],
  },
  {
    name: () => say("Aksai Chin, line of actual control"),
    claims: () => say("India: its territory. China: its territory."),
    at: [[78.05, 35.45], [78.4, 34.6], [78.8, 34.1], [78.8, 33.5], [79.2, 32.6]],
  },
  {
    name: () => say("Arunachal Pradesh"),
    claims: () => say("India: its state. China: its southern Tibet."),
    at: [[91.7, 27.8], [92.7, 28.1], [94.2, 29.0], [95.4, 29.1], [96.3, 29.2], [97.3, 28.3]],
  },
  {
    name: () => say("Southern Kuril Islands"),
    claims: () => say("Russia: its territory. Japan: its Northern Territories."),
    at: [[145.3, 44.45], [145.35, 43.95], [145.75, 43.4], [146.6, 43.1]],
  },
  {
    name: () => say("Korea, military demarcation line"),
    claims: () => say("The armistice line of 1953, no border: each Korea claims the whole."),
    at: [[126.68, 37.95], [126.95, 38.15], [127.4, 38.32], [128.0, 38.3], [128.36, 38.62]],
  },
  {
    name: () => say("Northern limit line"),
    claims: () => say("South Korea: the line at sea. North Korea: does not accept it."),
    at: [[124.6, 37.95], [125.1, 37.7], [125.6, 37.65], [126.1, 37.75]],
  },
  {
    name: () => say("Taiwan"),
    claims: () => say("People's Republic of China: its province. Taipei: the Republic of China."),
    at: [[121.0, 23.8]],
  },
  {
    name: () => say("Liancourt Rocks"),
    claims: () => say("South Korea: its Dokdo. Japan: its Takeshima."),
    at: [[131.87, 37.24]],
  },
  {
    name: () => say("Senkaku, Diaoyu"),
    claims: () => say("Japan: its Senkaku Islands. China: its Diaoyu Islands."),
    at: [[123.47, 25.75]],
  },
  {
    name: () => say("Spratly Islands"),
    claims: () => say("Claimed in whole or part by Brunei, China, Malaysia, the Philippines, Taiwan and Viet Nam."),
    at: [[114.0, 9.5]],
  },
  {
    name: () => say("Paracel Islands"),
    claims: () => say("China, Taiwan and Viet Nam: each claims them."),
    at: [[112.0, 16.5]],
  },
  {
    name: () => say("Falkland Islands, Malvinas"),
    claims: () => say("United Kingdom: its overseas territory. Argentina: its territory."),
    at: [[-59.0, -51.75]],
  },
  {
    name: () => say("Gibraltar"),
    claims: () => say("United Kingdom: its overseas territory. Spain: claims it."),
    at: [[-5.35, 36.14]],
  },
  {
    name: () => say("Abu Musa and the Tunbs"),
    claims: () => say("Iran: its islands. United Arab Emirates: its islands."),
    at: [[55.03, 25.87]],
  },
  {
    name: () => say("Hala'ib Triangle"),
    claims: () => say("Egypt: the 22nd parallel. Sudan: the line of 1902."),
    at: [[33.2, 22.0], [36.87, 22.0]],
  },
  {
    name: () => say("Abyei"),
    claims: () => say("Sudan and South Sudan: each claims it."),
    at: [[28.4, 9.6]],
  },
];
