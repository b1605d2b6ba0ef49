// The address is written into the client that is generated.
module.exports = {
  roundup: {
    input: process.env.DOCUMENT,
    output: { target: "roundup.ts", client: "fetch", baseUrl: process.env.ADDRESS },
  },
};
