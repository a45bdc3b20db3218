/* Layer normalisation, gelu and slopes a channel as exporters spell them, against ONNX Runtime. */
#include "onnx_case.h"

static void test_spelled(void)
{
    check_lines("spelled", "",
                "conv conv1 image  out 8 kernel 2 stride 2 pad 0 groups 1  weight conv1\n"
                "layernorm add10 conv1  weight add10 eps 9.99999997e-07  quant add10\n"
                "layernorm add23 add10  weight add23 eps 0.00100000005  quant add23\n"
                "conv add25 add23  out 16 kernel 1 stride 1 pad 0 groups 1 weight add25\n"
                "gelu mul30 add25  quant mul30\n"
                "conv gemm32 mul30  out 8 kernel 1 stride 1 pad 0 groups 1 weight gemm32\n"
                "gelu mul38 gemm32  quant mul38\n"
                "batchnorm mul39 mul38  weight mul39 eps 0.0009765625  quant mul39\n"
                "add add41 mul39 add10  quant add41\n"
                "gelu mul50 add41  approximate 1  quant mul50\n"
                "gelu gelu51 mul50  quant gelu51\n"
                "gelu gelu52 gelu51  approximate 1  quant gelu52\n"
                "tanh tanh53 gelu52  quant tanh53\n"
                "relu prelu54 tanh53\n"
                "batchnorm prelu54_15 tanh53  weight prelu54_15 eps 0.0009765625  quant prelu54_15\n"
                "relu prelu54_16 prelu54_15\n"
                "batchnorm prelu54_17 prelu54_16  weight prelu54_17 eps 0.0009765625  quant prelu54_17\n"
                "add prelu54_18 prelu54 prelu54_17  quant prelu54_18\n"
                "batchnorm hardsigmoid55 tanh53  weight hardsigmoid55 eps 0.0009765625  quant hardsigmoid55\n"
                "clip hardsigmoid55_20 hardsigmoid55  low 0 high 1\n"
                "sub sub56 hardsigmoid55_20 prelu54_18  quant sub56\n"
                "avgpool globalaveragepool57 sub56\n"
                "layernorm layernormalization60 globalaveragepool57  weight layernormalization60 eps "
                "9.99999997e-07  quant layernormalization60\n"
                "linear logits layernormalization60  out 5 weight logits\n"
                "output logits\n"
                "cam sub56\n");
    check_values("spelled", 1e-5);
}

int main(void)
{
    test_spelled();
    CHECK(mem_live() == 0);
    return check_result("deploy/onnx_compose");
}
